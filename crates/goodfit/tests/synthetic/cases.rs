//! Every case that a report has to bear, and the one that attacks it.

use goodfit::results::Results;
use serde_json::json;

/// Every case that a report has to bear.
pub fn cases() -> Vec<(&'static str, Results)> {
    let mut one_arm = super::weight_init(1);
    one_arm.arms.truncate(1);
    one_arm.comparisons.clear();
    let mut no_runs = super::weight_init(5);
    for arm in &mut no_runs.arms {
        arm.runs.clear();
        arm.summary.clear();
    }
    no_runs.complete = false;
    vec![
        ("weight-init", super::weight_init(5)),
        ("one-seed", super::weight_init(1)),
        ("two-seeds", super::weight_init(2)),
        ("one-arm", one_arm),
        ("no-runs", no_runs),
        ("batch-norm", super::batch_norm(1)),
        ("weight-decay", super::weight_decay(5)),
        ("activations", super::activations()),
        ("diagnostics", super::diagnostics(20)),
        ("search", super::search(100)),
        ("search-10000", super::search(10_000)),
        ("claims", super::claims()),
        ("many-arms", super::many(100, 2)),
        ("overflowing", super::overflowing()),
        ("hostile", hostile()),
        ("empty", super::empty()),
    ]
}

/// A text that breaks out of everything it is put into unescaped.
pub const EVIL: &str = "</script><script>alert('1')</script>\"><img src=x onerror=alert(2)> &amp; \u{2028}日本 😀 ]]>";

/// Every text of the results is an attack.
pub fn hostile() -> Results {
    let evil = || EVIL.to_owned();
    let mut results = super::weight_init(3);
    results.experiment = evil();
    results.goodfit = evil();
    results.data.source = evil();
    results.recipe = evil();
    results.command = evil();
    results.report.title = evil();
    results.report.question = evil();
    results.primary_metric = evil();
    for (i, arm) in results.arms.iter_mut().enumerate() {
        arm.name = format!("{i}{EVIL}");
        arm.settings.insert(evil(), json!({EVIL: EVIL}));
        for run in &mut arm.runs {
            let curve = run.curves["train_loss"].clone();
            run.curves.insert(evil(), curve);
        }
        let summary = arm.summary["train_loss"];
        arm.summary.insert(evil(), summary);
    }
    for comparison in &mut results.comparisons {
        comparison.arm = evil();
        comparison.baseline = evil();
        comparison.metric = evil();
    }
    for finding in &mut results.findings {
        (finding.statement, finding.evidence, finding.next) = (evil(), evil(), evil());
    }
    let claims = super::claims().claims;
    results.claims = claims;
    for claim in &mut results.claims {
        (claim.claim, claim.evidence, claim.verdict) = (evil(), evil(), evil());
    }
    let mut search = super::search(30);
    search.experiment = evil();
    for trial in &mut search.trials {
        trial.reason = Some(evil());
        trial.settings.insert(evil(), json!(EVIL));
    }
    results.parts = vec![search];
    results
}
