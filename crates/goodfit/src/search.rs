//! The chapter's search: trials drawn at random, ranked by validation accuracy.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Instant;

use goodfit_nn::{Purpose, Stream, derive_seed};
use goodfit_tune::{Distribution, Space};
use serde_json::Value as Json;

use crate::comparison::{ComparisonError, Conducted, Observer, Options};
use crate::data::{Prepared, load};
use crate::jobs::run_jobs;
use crate::recipe::{Experiment, Recipe, SearchRecipe, Values};
use crate::results::{Arm, FORMAT, Results, Run, RunTiming, Timing, Trial};
use crate::run::{Monitor, n_steps, train};
