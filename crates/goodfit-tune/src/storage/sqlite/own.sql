-- What goodfit keeps beside Optuna's tables, format 1. Optuna ignores all of it.

CREATE TABLE goodfit_format (format INTEGER NOT NULL);

-- Who holds a trial that is not finished; expires is NULL while it waits. Times in microseconds since 1970.
CREATE TABLE goodfit_claims (
    trial_id INTEGER PRIMARY KEY,
    fence INTEGER NOT NULL,
    machine TEXT NOT NULL,
    process INTEGER NOT NULL,
    began INTEGER NOT NULL,
    expires INTEGER
);

-- What the end of a trial leaves: why it failed, and its curves.
CREATE TABLE goodfit_ends (
    trial_id INTEGER PRIMARY KEY,
    reason TEXT,
    curves BLOB
);

CREATE TABLE goodfit_study_attributes (
    study_id INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    value_json TEXT NOT NULL,
    PRIMARY KEY (study_id, "key")
) WITHOUT ROWID;

CREATE TABLE goodfit_trial_attributes (
    trial_id INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    value_json TEXT NOT NULL,
    PRIMARY KEY (trial_id, "key")
) WITHOUT ROWID;

-- Claims look for open trials among very many finished ones.
CREATE INDEX goodfit_open_trials ON trials (study_id) WHERE state IN ('WAITING', 'RUNNING');

-- SQLite gives ids out again: whoever deletes a trial, nothing of it may be left for another of that id.
CREATE TRIGGER goodfit_trial_deleted AFTER DELETE ON trials BEGIN
    DELETE FROM goodfit_claims WHERE trial_id = old.trial_id;
    DELETE FROM goodfit_ends WHERE trial_id = old.trial_id;
    DELETE FROM goodfit_trial_attributes WHERE trial_id = old.trial_id;
END;
CREATE TRIGGER goodfit_study_deleted AFTER DELETE ON studies BEGIN
    DELETE FROM goodfit_study_attributes WHERE study_id = old.study_id;
END;
