//! Finding a study in its storage, or making it.

use serde_json::Value as Json;

use super::{StudyError, StudyOptions};
use crate::storage::{NewStudy, Scope, Storage, StorageError, StoredStudy, StudyId};

/// The study of that name, made where there is none and checked where there is one.
pub(super) fn open_study(storage: &dyn Storage, options: &StudyOptions) -> Result<StudyId, StudyError> {
    let StudyOptions { name, direction, identity, .. } = options;
    let attributes = identity.iter().map(|(key, value)| (Scope::Private, key.clone(), value.clone())).collect();
    let study = NewStudy { name: name.clone(), directions: vec![*direction], attributes };
    match storage.create_study(&study) {
        Ok(id) => return Ok(id),
        Err(StorageError::StudyExists { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let stored = storage.studies()?.into_iter().find(|stored| stored.name == *name);
    let stored = stored.ok_or_else(|| StorageError::NoStudy { what: name.clone() })?;
    check_same(&stored, options)?;
    Ok(stored.id)
}

fn check_same(study: &StoredStudy, options: &StudyOptions) -> Result<(), StudyError> {
    let name = study.name.clone();
    let [direction] = study.directions[..] else {
        return Err(StudyError::Objectives { name, n: study.directions.len() });
    };
    let different = |what: &str, stored: String, given: String| {
        Err(StudyError::Different { name: name.clone(), what: what.to_owned(), stored, given })
    };
    if direction != options.direction {
        return different("direction", format!("{direction:?}"), format!("{:?}", options.direction));
    }
    for (key, given) in &options.identity {
        // A study that another tool has made says nothing of it.
        match study.attributes.get(&(Scope::Private, key.clone())) {
            Some(stored) if stored != given => return different(key, shown(stored), shown(given)),
            _ => {}
        }
    }
    Ok(())
}

/// Text without another pair of quotes: it is a value as somebody wrote it.
fn shown(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
