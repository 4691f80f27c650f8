//! The parts of a date by arithmetic.

use jiff::civil::DateTime;

use super::graph::Graph;
use super::proto::DataType;

/// Days of 400 years of the Gregorian calendar; a multiple of 7.
const CYCLE: i64 = 146_097;
/// So many cycles later no year that there can be is negative, and every quotient is rounded down.
const CYCLES: i64 = 30;
/// From the first of March of the year 0 to 1970-01-01.
const DAYS_TO_1970: i64 = 719_468;
const SECONDS_A_DAY: i64 = 86_400;

/// The parts of dates: year, month, day of the month, day of the week (1 is Monday), and hour, with its minutes as a
/// fraction.
///
/// The seconds since 1970 are rounded; those beyond the years -9999 to 9999 are those of 1970-01-01, as where tables are
/// read. With z the days since 0000-03-01 of a cycle of 400 years, the year is found by counting the days that are no
/// leap days, and the month by one that has 153 days in five: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms",
/// <https://howardhinnant.github.io/date_algorithms.html>.
///
/// # Shapes
/// `day`: N x 1, days since 1970-01-01 in double precision. The parts: N x 1, in single precision.
pub(super) fn parts(graph: &mut Graph, name: &str, day: &str) -> [String; 5] {
    let mut on = Arithmetic { graph, name };
    let seconds = on.seconds(day);
    let days = on.by("Div", &seconds, SECONDS_A_DAY);
    let second_of_day = on.by("Mod", &seconds, SECONDS_A_DAY);

    let weekday = on.by("Add", &days, 3);
    let weekday = on.by("Mod", &weekday, 7);
    let weekday = on.by("Add", &weekday, 1);

    let z = on.by("Add", &days, DAYS_TO_1970);
    let cycle = on.by("Div", &z, CYCLE);
    let day_of_cycle = on.by("Mod", &z, CYCLE);
    // Without the leap days of 4 years, with those of centuries, without that of the cycle.
    let fours = on.by("Div", &day_of_cycle, 1460);
    let centuries = on.by("Div", &day_of_cycle, 36_524);
    let last = on.by("Div", &day_of_cycle, CYCLE - 1);
    let plain = on.two("Sub", &day_of_cycle, &fours);
    let plain = on.two("Add", &plain, &centuries);
    let plain = on.two("Sub", &plain, &last);
    let year_of_cycle = on.by("Div", &plain, 365);
    let whole_years = on.by("Mul", &year_of_cycle, 365);
    let fours = on.by("Div", &year_of_cycle, 4);
    let centuries = on.by("Div", &year_of_cycle, 100);
    let before = on.two("Add", &whole_years, &fours);
    let before = on.two("Sub", &before, &centuries);
    let day_of_year = on.two("Sub", &day_of_cycle, &before);

    // Months from March on, 0 to 11.
    let month = on.by("Mul", &day_of_year, 5);
    let month = on.by("Add", &month, 2);
    let month_from_march = on.by("Div", &month, 153);
    let first = on.by("Mul", &month_from_march, 153);
    let first = on.by("Add", &first, 2);
    let first = on.by("Div", &first, 5);
    let day_of_month = on.two("Sub", &day_of_year, &first);
    let day_of_month = on.by("Add", &day_of_month, 1);
    let month = on.by("Add", &month_from_march, 2);
    let month = on.by("Mod", &month, 12);
    let month = on.by("Add", &month, 1);

    // January and February belong to the next year.
    let next = on.by("Div", &month_from_march, 10);
    let year = on.by("Mul", &cycle, 400);
    let year = on.two("Add", &year, &year_of_cycle);
    let year = on.two("Add", &year, &next);
    let year = on.by("Sub", &year, 400 * CYCLES);

    let hour = on.by("Div", &second_of_day, 3600);
    let minute = on.by("Mod", &second_of_day, 3600);
    let minute = on.by("Div", &minute, 60);
    let graph = on.graph;
    let hour = graph.cast(&format!("{name}.whole_hour"), &hour, DataType::Float);
    let minute = graph.cast(&format!("{name}.minute"), &minute, DataType::Float);
    let sixty = graph.scalar(60.0_f32);
    let share = graph.add(&format!("{name}.share_of_hour"), "Div", &[&minute, &sixty]);
    let hour = graph.add(&format!("{name}.hour"), "Add", &[&hour, &share]);
    let mut part = |part: &str, x: &str| graph.cast(&format!("{name}.{part}"), x, DataType::Float);
    [
        part("year", &year),
        part("month", &month),
        part("day_of_month", &day_of_month),
        part("day_of_week", &weekday),
        hour,
    ]
}

/// Whole numbers of 64 bits.
struct Arithmetic<'a> {
    graph: &'a mut Graph,
    name: &'a str,
}

impl Arithmetic<'_> {
    fn two(&mut self, operator: &str, a: &str, b: &str) -> String {
        self.graph.add(&format!("{}.{}", self.name, operator.to_lowercase()), operator, &[a, b])
    }

    fn by(&mut self, operator: &str, a: &str, b: i64) -> String {
        let b = self.graph.scalar(b);
        self.two(operator, a, &b)
    }

    /// Seconds since 1970-01-01, rounded, half of one away from 0, and [`CYCLES`] cycles later.
    fn seconds(&mut self, day: &str) -> String {
        let [zero, half, a_day] = [0.0, 0.5, SECONDS_A_DAY as f64].map(|x| self.graph.scalar(x));
        let exact = self.two("Mul", day, &a_day);
        let size = self.graph.add(&format!("{}.size", self.name), "Abs", &[&exact]);
        let raised = self.two("Add", &size, &half);
        let whole = self.graph.add(&format!("{}.whole", self.name), "Floor", &[&raised]);
        let sign = self.graph.add(&format!("{}.sign", self.name), "Sign", &[&exact]);
        let rounded = self.two("Mul", &whole, &sign);

        let [first, last] = [DateTime::MIN, DateTime::MAX].map(|end| {
            let seconds = end.duration_since(DateTime::constant(1970, 1, 1, 0, 0, 0, 0)).as_secs();
            self.graph.scalar(seconds as f64)
        });
        let is_early = self.two("Less", &rounded, &first);
        let is_late = self.two("Greater", &rounded, &last);
        let is_beyond = self.two("Or", &is_early, &is_late);
        let within = self.graph.add(&format!("{}.within", self.name), "Where", &[&is_beyond, &zero, &rounded]);
        let seconds = self.graph.cast(&format!("{}.seconds", self.name), &within, DataType::Int64);
        self.by("Add", &seconds, CYCLES * CYCLE * SECONDS_A_DAY)
    }
}
