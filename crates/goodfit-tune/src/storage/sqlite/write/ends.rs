//! What running trials report, and how they end.

use rusqlite::{OptionalExtension, Transaction};

use super::super::fault::Fault;
use super::{Owner, holds, set_attribute, writable};
use crate::storage::encoding::{curves, number};
use crate::storage::{Finish, Record, StudyId, Ticket, time};
use crate::{Intermediate, TrialState};

pub(in crate::storage::sqlite) fn record(transaction: &Transaction<'_>, records: &[Record]) -> Result<(), Fault> {
    let mut last: Option<(Ticket, bool)> = None;
    for Record { ticket, intermediate } in records {
        let holds = match last {
            Some((same, holds)) if same == *ticket => holds,
            _ => holds(transaction, *ticket)?,
        };
        last = Some((*ticket, holds));
        if holds {
            report(transaction, ticket.trial.0, intermediate)?;
        }
    }
    Ok(())
}

fn report(transaction: &Transaction<'_>, trial: i64, intermediate: &Intermediate) -> Result<(), Fault> {
    let sql = "INSERT INTO trial_intermediate_values (trial_id, step, intermediate_value, intermediate_value_type) \
               VALUES (?1, ?2, ?3, ?4) ON CONFLICT (trial_id, step) DO NOTHING";
    let (value, kind) = number::columns(intermediate.value);
    transaction.prepare_cached(sql)?.execute((trial, intermediate.step as i64, value, kind))?;
    Ok(())
}

pub(in crate::storage::sqlite) fn finish(
    transaction: &Transaction<'_>,
    outcomes: &[Finish],
) -> Result<Vec<bool>, Fault> {
    let ended = time::to_text(time::now());
    outcomes.iter().map(|outcome| end(transaction, outcome, &ended)).collect()
}

fn end(transaction: &Transaction<'_>, outcome: &Finish, ended: &str) -> Result<bool, Fault> {
    let Finish { ticket, state, intermediate, curves, attributes, times } = outcome;
    let id = ticket.trial.0;
    if !holds(transaction, *ticket)? {
        // Nobody of us can hold a trial of a study that can only be read, and it helps to say so.
        let study = transaction.prepare_cached("SELECT study_id FROM trials WHERE trial_id = ?1")?;
        let study: Option<i64> = { study }.query_row([id], |row| row.get(0)).optional()?;
        study.map_or(Ok(()), |study| writable(transaction, StudyId(study)))?;
        return Ok(false);
    }
    let (state, value, reason) = match state {
        TrialState::Complete(values) => ("COMPLETE", values.first().copied(), None),
        TrialState::Pruned(value) => ("PRUNED", *value, None),
        TrialState::Failed(reason) => ("FAIL", None, Some(reason).filter(|reason| !reason.is_empty())),
        // `check::finish` lets no other through.
        TrialState::Waiting | TrialState::Running => return Ok(false),
    };
    let [began, ended] = match times {
        Some(times) => times.map(|time| Some(time::to_text(time))),
        None => [None, Some(ended.to_owned())],
    };
    let sql = "UPDATE trials SET state = ?2, datetime_start = coalesce(?3, datetime_start), datetime_complete = ?4 \
               WHERE trial_id = ?1";
    transaction.prepare_cached(sql)?.execute((id, state, began, ended))?;
    transaction.prepare_cached("DELETE FROM goodfit_claims WHERE trial_id = ?1")?.execute([id])?;
    if let Some(value) = value {
        let sql = "INSERT INTO trial_values (trial_id, objective, value, value_type) VALUES (?1, 0, ?2, ?3)";
        let (value, kind) = number::columns(value);
        transaction.prepare_cached(sql)?.execute((id, value, kind))?;
    }
    intermediate.iter().try_for_each(|intermediate| report(transaction, id, intermediate))?;
    if reason.is_some() || !curves.is_empty() {
        let curves = (!curves.is_empty()).then(|| curves::to_bytes(curves));
        let sql = "INSERT INTO goodfit_ends (trial_id, reason, curves) VALUES (?1, ?2, ?3)";
        transaction.prepare_cached(sql)?.execute((id, reason, curves))?;
    }
    for (scope, key, value) in attributes {
        set_attribute(transaction, Owner::Trial, id, *scope, key, value)?;
    }
    Ok(true)
}
