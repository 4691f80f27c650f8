//! Any sampler as a process that is asked and told over lines of JSON, for programs in other languages.
//!
//! Each line on stdin gets one on stdout:
//!
//! | request | answer |
//! |---|---|
//! | `{"study": {"space": [..], "sampler": "tpe", "seed": 1}}`: a new study | `{}` |
//! | `{"ask": 1}`: the next trial | `{"number": 0, "parameters": {"x": 0.5}}` |
//! | `{"tell": {"number": 0, "loss": 0.25}}`; without a loss, it failed | `{}` |
//!
//! A study may have a `"generation"`, 1 if it says none: so many trials are drawn together, before any of them is told,
//! as in a search with `search.generation`. Their answers still come one by one.
//!
//! A parameter is `{"name": "x", "type": "float", "low": 0, "high": 1}`, if need be with `"log": true` or
//! `"step": 0.1`; `"type": "int"` the same; or `{"name": "a", "type": "categorical", "choices": ["b", "c"]}`.
//! What cannot be done is answered with `{"error": ".."}`.

use std::collections::VecDeque;
use std::error::Error;
use std::io::{self, BufRead, Write};

use goodfit_tune::samplers::{Auto, CmaEs, Gp, Grid, Narrow, Random, Sobol, Tpe};
use goodfit_tune::{Distribution, History, Observed, Parameters, Request, Sampler, Seen, Space, Streams, Value};
use serde_json::{Map, Value as Json, json};

fn main() -> io::Result<()> {
    let mut study = None;
    for line in io::stdin().lock().lines() {
        let answer = answer(&mut study, &line?).unwrap_or_else(|error| json!({ "error": error.to_string() }));
        writeln!(io::stdout(), "{answer}")?;
        io::stdout().flush()?;
    }
    Ok(())
}

fn sampler(name: &str) -> Option<Box<dyn Sampler>> {
    Some(match name {
        "auto" => Box::new(Auto::default()),
        "cma-es" => Box::new(CmaEs::new()),
        "gp" => Box::new(Gp::new()),
        "grid" => Box::new(Grid::default()),
        "narrow" => Box::new(Narrow::default()),
        "random" => Box::new(Random),
        "sobol" => Box::new(Sobol::default()),
        "tpe" => Box::new(Tpe::default()),
        _ => return None,
    })
}

struct Study {
    space: Space,
    sampler: Box<dyn Sampler>,
    streams: Streams,
    history: History,
    generation: u64,
    /// Drawn, but not asked for yet.
    drawn: VecDeque<(u64, Parameters)>,
}

fn answer(study: &mut Option<Study>, line: &str) -> Result<Json, Box<dyn Error>> {
    let request: Json = serde_json::from_str(line)?;
    if let Some(new) = request.get("study") {
        let parameters = new["space"].as_array().ok_or("study.space: expected a list")?;
        let name = new["sampler"].as_str().ok_or("study.sampler: expected a name")?;
        let seed = new["seed"].as_u64().ok_or("study.seed: expected a whole number")?;
        *study = Some(Study {
            space: Space::new(parameters.iter().map(parameter).collect::<Result<Vec<_>, _>>()?)?,
            sampler: sampler(name).ok_or_else(|| format!("study.sampler: unknown sampler {name}"))?,
            streams: Streams::new(seed),
            history: History::new(),
            generation: new["generation"].as_u64().unwrap_or(1).max(1),
            drawn: VecDeque::new(),
        });
        return Ok(json!({}));
    }
    let study = study.as_mut().ok_or("there is no study yet")?;
    if request.get("ask").is_some() {
        return study.ask();
    }
    let told = request.get("tell").ok_or("expected study, ask or tell")?;
    let number = told["number"].as_u64().ok_or("tell.number: expected a whole number")?;
    let trial = study.history.get(number).ok_or_else(|| format!("tell.number: there is no trial {number}"))?;
    let seen = match told["loss"].as_f64() {
        Some(loss) => Seen::Complete(vec![loss]),
        None => Seen::Failed,
    };
    study.history.insert(Observed { seen, ..trial.clone() });
    Ok(json!({}))
}

impl Study {
    fn ask(&mut self) -> Result<Json, Box<dyn Error>> {
        if self.drawn.is_empty() {
            self.draw()?;
        }
        let (number, parameters) = self.drawn.pop_front().ok_or("the sampler drew nothing")?;
        let named: Map<String, Json> =
            parameters.iter().map(|(name, value)| (name.to_owned(), plain(self.space.get(name), value))).collect();
        Ok(json!({ "number": number, "parameters": named }))
    }

    /// Draws the trials that know the same ones, as far as they go together.
    fn draw(&mut self) -> Result<(), Box<dyn Error>> {
        let first = self.history.iter().next_back().map_or(0, |trial| trial.number + 1);
        let horizon = |number| self.sampler.horizon(number, self.generation);
        let end = (first + 1..first + self.generation).find(|&number| horizon(number) != horizon(first));
        let numbers = first..end.unwrap_or(first + self.generation);
        let (space, history) = (&self.space, &self.history);
        let drawn = self.sampler.sample(&Request { space, history, numbers, streams: self.streams })?;
        for (number, parameters) in (first..).zip(drawn) {
            let running = Observed { number, parameters, seen: Seen::Running, intermediate: Vec::new() };
            self.drawn.push_back((number, running.parameters.clone()));
            self.history.insert(running);
        }
        Ok(())
    }
}

fn parameter(json: &Json) -> Result<(String, Distribution), Box<dyn Error>> {
    let name = json["name"].as_str().ok_or("space: a parameter without a name")?;
    let log = json["log"].as_bool().unwrap_or(false);
    let float = |key: &str| json[key].as_f64().ok_or_else(|| format!("{name}.{key}: expected a number"));
    let int = |key: &str| json[key].as_i64().ok_or_else(|| format!("{name}.{key}: expected a whole number"));
    let distribution = match json["type"].as_str() {
        Some("float") => {
            Distribution::Float { low: float("low")?, high: float("high")?, log, step: json["step"].as_f64() }
        }
        Some("int") => {
            let step = json["step"].as_i64().unwrap_or(1);
            Distribution::Int { low: int("low")?, high: int("high")?, log, step }
        }
        Some("categorical") => {
            let choices = json["choices"].as_array().ok_or_else(|| format!("{name}.choices: expected a list"))?;
            let texts =
                choices.iter().map(|choice| choice.as_str().ok_or_else(|| format!("{name}: {choice} is no text")));
            Distribution::categorical(texts.collect::<Result<Vec<_>, _>>()?)
        }
        _ => return Err(format!("{name}.type: expected float, int or categorical").into()),
    };
    Ok((name.to_owned(), distribution))
}

fn plain(distribution: Option<&Distribution>, value: Value) -> Json {
    match (value, distribution) {
        (Value::Choice(i), Some(Distribution::Categorical { choices })) => json!(choices[i].to_string()),
        (Value::Choice(i), _) => json!(i),
        (Value::Float(x), _) => json!(x),
        (Value::Int(x), _) => json!(x),
    }
}
