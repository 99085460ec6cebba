//! Numbers as both formats have them.

use std::fmt::{self, Write};
use std::time::Duration;

use crate::book::Value;

pub(super) fn write_value(out: &mut impl Write, value: Value) -> fmt::Result {
    match value {
        Value::Count(count) => write_count(out, count),
        Value::Seconds(time) => write_seconds(out, time),
        Value::Number(number) => write!(out, "{number}"),
    }
}

pub(super) fn write_count(out: &mut impl Write, count: u64) -> fmt::Result {
    out.write_str(itoa::Buffer::new().format(count))
}

/// In seconds with as many decimals as it takes, and no more.
pub(super) fn write_seconds(out: &mut impl Write, time: Duration) -> fmt::Result {
    write_count(out, time.as_secs())?;
    let nanos = time.subsec_nanos();
    if nanos == 0 {
        return Ok(());
    }
    // The first digit is only there to keep the zeros that follow it.
    let mut digits = itoa::Buffer::new();
    let decimals = digits.format(1_000_000_000 + nanos).get(1..).unwrap_or_default();
    out.write_char('.')?;
    out.write_str(decimals.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: Value) -> String {
        let mut out = String::new();
        write_value(&mut out, value).unwrap();
        out
    }

    #[test]
    fn numbers_are_exact_and_short() {
        for (value, text) in [
            (Value::Count(0), "0"),
            (Value::Count(u64::MAX), "18446744073709551615"),
            (Value::Seconds(Duration::ZERO), "0"),
            (Value::Seconds(Duration::new(7, 0)), "7"),
            (Value::Seconds(Duration::new(7, 50_000_000)), "7.05"),
            (Value::Seconds(Duration::new(1_700_000_000, 1)), "1700000000.000000001"),
            (Value::Seconds(Duration::new(0, 999_999_999)), "0.999999999"),
            (Value::Number(0.5), "0.5"),
            (Value::Number(1.0 / 3.0), "0.3333333333333333"),
            (Value::Number(-1.0), "-1"),
        ] {
            assert_eq!(written(value), text);
        }
    }
}
