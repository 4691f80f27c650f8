//! Who may work on a trial.

use std::collections::HashMap;
use std::time::Duration;

use rusqlite::Transaction;

use super::super::fault::Fault;
use super::super::read;
use super::{holds, writable};
use crate::storage::{Claim, StudyId, Ticket, TrialId, Wanted, Worker, time};

pub(in crate::storage::sqlite) fn claim(transaction: &Transaction<'_>, wanted: &Wanted) -> Result<Vec<Claim>, Fault> {
    let &Wanted { study, ref worker, lease, end, n } = wanted;
    writable(transaction, study)?;
    let now = time::now();
    release(transaction, study, worker, now)?;
    // The condition of the index has to stand here word for word.
    let mut waiting = transaction.prepare_cached(
        "SELECT trial_id, number FROM trials \
         WHERE study_id = ?1 AND state IN ('WAITING', 'RUNNING') AND state = 'WAITING' AND number < ?2 \
         ORDER BY trial_id LIMIT ?3",
    )?;
    let (end, n) = (i64::try_from(end).unwrap_or(i64::MAX), i64::try_from(n).unwrap_or(i64::MAX));
    let chosen: Vec<(i64, u64)> =
        waiting.query_map((study.0, end, n), |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    let mut start =
        transaction.prepare_cached("UPDATE trials SET state = 'RUNNING', datetime_start = ?2 WHERE trial_id = ?1")?;
    let mut hold = transaction.prepare_cached(
        "INSERT INTO goodfit_claims (trial_id, fence, machine, process, began, expires) VALUES (?1, 1, ?2, ?3, ?4, ?5) \
         ON CONFLICT (trial_id) DO UPDATE SET fence = fence + 1, machine = excluded.machine, \
         process = excluded.process, began = excluded.began, expires = excluded.expires RETURNING fence",
    )?;
    let (began, expires) = (time::to_text(now), expires(now, lease));
    let mut claims = Vec::with_capacity(chosen.len());
    for (id, number) in chosen {
        start.execute((id, &began))?;
        let holder = (id, &worker.machine, worker.process, worker.began as i64, expires);
        let fence = hold.query_row(holder, |row| row.get(0))?;
        let (parameters, attributes) = read::given(transaction, id)?;
        claims.push(Claim { ticket: Ticket { trial: TrialId(id), fence }, number, parameters, attributes });
    }
    Ok(claims)
}

/// Lets the trials wait again whose lease has run out or whose worker is gone. The one who asks is there. A trial
/// that runs without a lease is another tool's.
fn release(transaction: &Transaction<'_>, study: StudyId, asking: &Worker, now: i64) -> Result<(), Fault> {
    let sql = "SELECT trial_id, state = 'RUNNING', machine, process, began, expires \
               FROM goodfit_claims CROSS JOIN trials USING (trial_id) WHERE study_id = ?1 AND expires IS NOT NULL";
    let mut claims = transaction.prepare_cached(sql)?;
    let mut rows = claims.query([study.0])?;
    let mut gone: HashMap<Worker, bool> = HashMap::new();
    let (mut lost, mut ended) = (Vec::new(), Vec::new());
    while let Some(row) = rows.next()? {
        let (id, is_running): (i64, bool) = (row.get(0)?, row.get(1)?);
        let began: i64 = row.get(4)?;
        let worker = Worker { machine: row.get(2)?, process: row.get(3)?, began: began as u64 };
        let expires: i64 = row.get(5)?;
        if !is_running {
            ended.push(id);
        } else if expires <= now || (worker != *asking && *gone.entry(worker).or_insert_with_key(Worker::is_gone)) {
            lost.push(id);
        }
    }
    let execute = |sql: &str, id: i64| Ok::<_, Fault>(transaction.prepare_cached(sql)?.execute([id])?);
    for id in lost {
        execute("UPDATE trials SET state = 'WAITING', datetime_start = NULL WHERE trial_id = ?1", id)?;
        execute("DELETE FROM trial_intermediate_values WHERE trial_id = ?1", id)?;
        execute("UPDATE goodfit_claims SET expires = NULL WHERE trial_id = ?1", id)?;
    }
    // Another tool has ended them.
    for id in ended {
        execute("DELETE FROM goodfit_claims WHERE trial_id = ?1", id)?;
    }
    Ok(())
}

pub(in crate::storage::sqlite) fn heartbeat(
    transaction: &Transaction<'_>,
    tickets: &[Ticket],
    lease: Duration,
) -> Result<Vec<bool>, Fault> {
    let expires = expires(time::now(), lease);
    let mut renew = transaction.prepare_cached("UPDATE goodfit_claims SET expires = ?2 WHERE trial_id = ?1")?;
    let mut renew = |ticket: &Ticket| {
        let holds = holds(transaction, *ticket)?;
        if holds {
            renew.execute((ticket.trial.0, expires))?;
        }
        Ok(holds)
    };
    tickets.iter().map(&mut renew).collect()
}

fn expires(now: i64, lease: Duration) -> i64 {
    now.saturating_add(i64::try_from(lease.as_micros()).unwrap_or(i64::MAX))
}
