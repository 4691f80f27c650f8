//! `goodfit study`: what searches keep, read back.

mod export;
mod table;

use std::path::Path;

use goodfit_tune::storage::{Cursor, SqliteReader, StorageError, StoredStudy, StoredTrial, journal};
use goodfit_tune::{Choice, Distribution, TrialState, ranked};
use serde_json::{Value as Json, json};

use super::args::{Format, OfStudy, Study};
use super::experiment::recipe_failure;
use super::message::Failure;
use super::search::{STUDY, check_address, failure};
use super::{Outcome, message, print, print_as_is};
use crate::recipe::{Value, nearest};
use crate::search::{keeps_recipe, rescored, trial_recipe};

/// A study with its trials, by number.
struct Found {
    study: StoredStudy,
    trials: Vec<StoredTrial>,
}

impl Found {
    /// All trials, best first.
    fn ranked(&self) -> Vec<&StoredTrial> {
        ranked(&self.trials, &self.study.directions)
    }

    /// The same with the choices themselves in place of their TOML.
    fn readable(mut self) -> Self {
        if keeps_recipe(&self.study) {
            for parameter in self.trials.iter_mut().flat_map(|trial| &mut trial.parameters) {
                if let Distribution::Categorical { choices } = &mut parameter.distribution {
                    choices.iter_mut().for_each(make_readable);
                }
            }
        }
        self
    }

    /// The winner; where no trial was trained again, the best one in the search.
    fn best(&self) -> Option<&StoredTrial> {
        self.winner().or_else(|| self.best_of_search())
    }

    /// The best of the complete trials. With several objectives there is none.
    fn best_of_search(&self) -> Option<&StoredTrial> {
        let first = self.ranked().into_iter().next()?;
        (self.study.directions.len() == 1 && matches!(first.state, TrialState::Complete(_))).then_some(first)
    }

    /// Of the trials that were trained again on fresh seeds the one with the best mean, as `goodfit search` chooses it.
    fn winner(&self) -> Option<&StoredTrial> {
        let &[direction] = self.study.directions.as_slice() else { return None };
        let loss =
            |trial: &&StoredTrial| rescored(trial).map(|score| direction.loss(score.mean)).filter(|x| !x.is_nan());
        let ranked = self.ranked();
        let again = ranked.iter().copied().filter_map(|trial| Some((loss(&trial)?, trial)));
        again.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, trial)| trial)
    }
}

/// Lists and tables stay as they are: they have no other form that fits into a cell.
fn make_readable(choice: &mut Choice) {
    let Choice::Text(toml) = choice else { return };
    *choice = match Value::from_toml(toml) {
        Some(Value::Text(text)) => Choice::Text(text),
        Some(Value::Integer(n)) => Choice::Int(n),
        Some(Value::Number(x)) => Choice::Float(x),
        Some(Value::Bool(b)) => Choice::Bool(b),
        _ => return,
    };
}

/// Carries out one of the subcommands.
pub(super) fn study(command: &Study) -> Outcome {
    match command {
        Study::List { url, json } => list(url, *json),
        Study::Show { of, json } => {
            let found = find(of)?.readable();
            let ranked = found.ranked();
            print(&if *json {
                document(&ranked.iter().map(|trial| export::trial(trial)).collect())
            } else {
                table::trials(&found.study, &ranked)
            })?;
            Ok(0)
        }
        Study::Export { of, format } => {
            let found = find(of)?;
            print_as_is(&match format {
                Format::Csv => export::csv(&found.readable().trials),
                Format::Json => document(&found.readable().trials.iter().map(export::trial).collect()),
                Format::Journal => journal(&found.study, &found.trials),
            })?;
            Ok(0)
        }
        Study::Best { of, print_recipe, json } => best(of, *print_recipe, *json),
    }
}

fn list(url: &str, as_json: bool) -> Outcome {
    let storage = open(url)?;
    let studies = storage.studies().map_err(unreadable)?;
    let found = studies.into_iter().map(|study| Ok(read(&storage, study)?.readable()));
    let found = found.collect::<Result<Vec<Found>, Failure>>()?;
    let text = if as_json {
        let of = |found: &Found| {
            json!({
                "name": found.study.name,
                "directions": found.study.directions.iter().map(|direction| table::word(*direction)).collect::<Vec<_>>(),
                "trials": found.trials.len(),
                "best": found.best_of_search().map(export::trial),
                "winner": found.winner().map(export::trial),
            })
        };
        document(&found.iter().map(of).collect())
    } else {
        table::studies(&found)
    };
    print(&text)?;
    Ok(0)
}

fn best(of: &OfStudy, print_recipe: bool, as_json: bool) -> Outcome {
    let mut found = find(of)?;
    if !print_recipe {
        // A recipe needs the choices as the study keeps them.
        found = found.readable();
    }
    let name = &found.study.name;
    if found.study.directions.len() > 1 {
        let message =
            format!("study {name:?} has {} objectives, so that no trial is the best", found.study.directions.len());
        return Err(Failure::new(message, Some("`goodfit study show` shows all of them")));
    }
    let Some(trial) = found.best() else {
        if as_json {
            print("null\n")?;
        }
        message::note(format!("study {name:?}: none of its {} trials is complete", found.trials.len()));
        message::hint("`goodfit study show` shows what became of them");
        return Ok(1);
    };
    print(&if print_recipe {
        trial_recipe(&found.study, trial).map_err(recipe_failure)?.print()
    } else if as_json {
        document(&export::trial(trial))
    } else {
        table::line(trial)
    })?;
    Ok(0)
}

fn document(json: &Json) -> String {
    format!("{json:#}\n")
}

/// The study that is named, or the only one there is.
fn find(of: &OfStudy) -> Result<Found, Failure> {
    let storage = open(&of.url)?;
    let mut studies = storage.studies().map_err(unreadable)?;
    let names: Vec<&str> = studies.iter().map(|study| study.name.as_str()).collect();
    let all = names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
    let url = &of.url;
    let place = match (&of.study, names.as_slice()) {
        (_, []) => {
            return Err(Failure::new(
                format!("{url}: there are no studies in it"),
                Some(format!("`goodfit search RECIPE --storage {url}` begins one")),
            ));
        }
        (None, [_]) => 0,
        (None, _) => {
            let message = format!("{url}: there are {} studies in it, and none is named", names.len());
            return Err(Failure::new(message, Some(format!("add the name of one after the file: {all}"))));
        }
        (Some(name), _) => names.iter().position(|other| other == name).ok_or_else(|| {
            let hint = match nearest(name, names.iter().copied()) {
                _ if names.len() == 1 => format!("the only one is {all}"),
                Some(near) => format!("did you mean {near:?}? there are {all}"),
                None => format!("there are {all}"),
            };
            Failure::new(format!("{url}: there is no study {name:?} in it"), Some(hint))
        })?,
    };
    read(&storage, studies.swap_remove(place))
}

fn read(storage: &SqliteReader, study: StoredStudy) -> Result<Found, Failure> {
    let trials = storage.changes_since(study.id, &Cursor::default()).map_err(unreadable)?.trials;
    Ok(Found { study, trials })
}

/// Opens a file to be read only: whoever made it, it stays as it is.
fn open(url: &str) -> Result<SqliteReader, Failure> {
    check_address(url, url)?;
    let path = Path::new(url.strip_prefix("sqlite:///").unwrap_or(url));
    let hint = "a search keeps its study in study.db in its output folder, or where --storage says";
    match std::fs::metadata(path) {
        Err(_) => Err(Failure::new(format!("{}: there is no such file", path.display()), Some(hint))),
        Ok(found) if found.is_dir() => {
            let inside = path.join(STUDY);
            let hint = if inside.exists() { format!("the file in it: {}", inside.display()) } else { hint.to_owned() };
            Err(Failure::new(format!("{}: a folder, expected a file of studies", path.display()), Some(hint)))
        }
        Ok(found) if found.len() == 0 => {
            Err(Failure::new(format!("{}: the file is empty", path.display()), Some(hint)))
        }
        Ok(_) => SqliteReader::open(path).map_err(unreadable),
    }
}

fn unreadable(error: StorageError) -> Failure {
    failure(error.into())
}
