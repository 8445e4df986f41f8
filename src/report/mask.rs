//! A line of a manifest → the same line without its secrets.
//!
//! Values of Secrets and of variables that are secrets by name are masked by place, whatever they hold. What stands
//! where no structure tells (comments, command lines, embedded files) is masked by the name before it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::delegate::{Holds, Mask, is_secret_name};
use crate::identity;
use crate::yaml::{Span, slice};

const MASKED: &str = "***";

/// The line at `span` of `text` as it may be shown. `masks` are those of the text, in order; `suffix` stands behind
/// each masked value, to tell old from new.
pub(super) fn masked_line(text: &str, span: &Span, masks: &[Mask], suffix: &str) -> String {
    let first = masks.partition_point(|mask| mask.span.end <= span.start);
    let mut out = String::new();
    let mut at = span.start;
    for mask in masks.iter().skip(first).take_while(|mask| mask.touches(span)) {
        let start = mask.span.start.clamp(at, span.end);
        let raw = slice(text, &(at..start));
        out.push_str(&masked_by_name(raw));
        // a value of several lines: its indentation stays
        let inside = slice(text, &(start..mask.span.end.clamp(start, span.end)));
        out.push_str(slice(inside, &(0..inside.len() - inside.trim_start_matches(' ').len())));
        out.push_str(&label(text, mask));
        out.push_str(suffix);
        at = mask.span.end.clamp(start, span.end);
    }
    let rest = slice(text, &(at..span.end));
    let after_value = (at == span.start).then(|| value_of_secret_variable(text, span)).flatten();
    match after_value.and_then(|after| rest.split_at_checked(after)) {
        Some((name, _)) => out.extend([name, " ", MASKED]),
        None => out.push_str(&masked_by_name(rest)),
    }
    out
}

/// In a comment or an embedded file: where the value of this line starts, if its neighbour names a secret variable.
///
/// ```yaml
/// # - name: PROXY_PASSWORD
/// #   value: hunter2
/// ```
fn value_of_secret_variable(text: &str, span: &Span) -> Option<usize> {
    let item = |line: &'_ str| -> (bool, usize) {
        let content = line.trim_start_matches([' ', '\t', '#']);
        let entry = content.trim_start_matches(['-', ' ', '\t']);
        (content.starts_with('-'), line.len() - entry.len())
    };
    let line = slice(text, span);
    let (starts_item, at) = item(line);
    let value = line.get(at..)?.strip_prefix("value:").filter(|value| !value.trim().is_empty())?;
    let names_secret = |line: &str, at: usize| {
        let name = line.get(at..).and_then(|entry| entry.strip_prefix("name:"));
        name.is_some_and(|name| is_secret_name(name.trim().trim_matches(['"', '\''])))
    };
    let before = slice(text, &(0..span.start)).lines().next_back().unwrap_or_default();
    let behind = slice(text, &(span.end..text.len())).lines().nth(1).unwrap_or_default();
    let (_, before_at) = item(before);
    let (behind_starts_item, behind_at) = item(behind);
    let is_secret =
        !starts_item && names_secret(before, before_at) || !behind_starts_item && names_secret(behind, behind_at);
    is_secret.then_some(line.len() - value.len())
}

/// What is shown in the place of a value.
fn label(text: &str, mask: &Mask) -> String {
    if mask.holds == Holds::Certificate {
        let value = slice(text, &mask.span).trim_matches(['"', '\'']);
        let decoded = STANDARD.decode(value).ok();
        if let Some(certificate) = decoded.and_then(|pem| identity::summarize(&pem)) {
            return format!("{MASKED} (SHA-256 {})", certificate.fingerprint);
        }
    }
    MASKED.to_owned()
}

/// Masks what stands behind a secret's name and `:` or `=`, passwords in URLs, and base64 of PEM.
fn masked_by_name(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(word) = next_word(rest) {
        let (before, from) = rest.split_at_checked(word.start).unwrap_or((rest, ""));
        let (name, behind) = from.split_at_checked(word.len()).unwrap_or((from, ""));
        out.push_str(before);
        if name.starts_with("LS0tLS1CRUdJTi") {
            out.push_str(MASKED);
            rest = behind;
            continue;
        }
        out.push_str(name);
        rest = behind;
        let Some((gap, value)) = assigned(behind).filter(|_| is_secret_name(name)) else { continue };
        out.push_str(slice(behind, &(0..gap)));
        let shown = ["", "true", "false", "null", "|", "|-", ">", ">-", "{}", "[]"].contains(&value.trim());
        out.push_str(if shown { value } else { MASKED });
        rest = behind.get(gap + value.len()..).unwrap_or_default();
    }
    out.push_str(rest);
    masked_user_info(&out)
}

/// The next run of letters that can be a name.
fn next_word(text: &str) -> Option<Span> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let start = text.find(is_name)?;
    let rest = text.get(start..)?;
    let len = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
    Some(start..start + len)
}

/// The value that is assigned behind a name: how many bytes stand between, and the value.
fn assigned(behind: &str) -> Option<(usize, &str)> {
    let unquoted = behind.trim_start_matches(['"', '\'']);
    let spaced = unquoted.trim_start_matches([' ', '\t']);
    let (value, is_yaml) = match spaced.strip_prefix(':') {
        // `name:value` is a mapping only where the name is quoted, as in JSON
        Some(value) if value.is_empty() || value.starts_with([' ', '\t']) || unquoted.len() < behind.len() => {
            (value, true)
        }
        Some(_) => return None,
        None => (spaced.strip_prefix('=')?, false),
    };
    let value = value.trim_start_matches([' ', '\t']);
    let gap = behind.len() - value.len();
    let end = match value.chars().next() {
        Some(quote @ ('"' | '\'')) => value.get(1..)?.find(quote).map_or(value.len(), |at| at + 2),
        _ if is_yaml => value.find(" #").unwrap_or(value.len()),
        _ => value.find([' ', '\t', '"', '\'', ',', ';', '&']).unwrap_or(value.len()),
    };
    Some((gap, value.get(..end)?.trim_end()))
}

/// `scheme://user:password@host` → `scheme://***@host`.
fn masked_user_info(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find("://") {
        let (before, from) = rest.split_at_checked(at + 3).unwrap_or((rest, ""));
        out.push_str(before);
        let authority = from.find(['/', ' ', '\t', '"', '\'', '?', '#']).unwrap_or(from.len());
        let user_info = from.get(..authority).and_then(|authority| authority.rfind('@'));
        if user_info.is_some() {
            out.push_str(MASKED);
        }
        rest = from.get(user_info.unwrap_or(0)..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "a test that panics says where")]
mod tests {
    use super::*;

    #[test]
    fn masks_by_place_whatever_is_there() {
        let text = "a: \"x\" # y\nb: |\n  one\n  two\n";
        let mask = |span| Mask { span, holds: Holds::Secret };
        let masks = [mask(3..6), mask(18..27)];
        let line = |span: Span| masked_line(text, &span, &masks, "");
        assert_eq!(line(0..10), "a: *** # y");
        assert_eq!(line(11..15), "b: |");
        assert_eq!([line(16..21), line(22..27)], ["  ***", "  ***"]);
    }

    #[test]
    fn masks_the_value_of_a_variable_where_no_structure_tells() {
        for (text, expected) in [
            ("# - name: A_TOKEN\n#   value: x # y\n", ["# - name: A_TOKEN", "#   value: ***"]),
            ("#- name: \"A_TOKEN\"\r\n#  value: \"x\"\r\n", ["#- name: \"A_TOKEN\"", "#  value: ***"]),
            ("  - value: x\n    name: A_TOKEN\n", ["  - value: ***", "    name: A_TOKEN"]),
            ("  - name: A_TOKEN\n  - value: x\n", ["  - name: A_TOKEN", "  - value: x"]),
            ("    value: x\n  - name: A_TOKEN\n", ["    value: x", "  - name: A_TOKEN"]),
            ("# - name: A\n#   value: x\n", ["# - name: A", "#   value: x"]),
            ("# - name: A_TOKEN\n#   value:\n", ["# - name: A_TOKEN", "#   value:"]),
        ] {
            let end = text.find('\n').unwrap() + 1;
            let first = text[..end].trim_end().len();
            let lines = [0..first, end..end + text[end..].trim_end().len()];
            assert_eq!(lines.map(|line| masked_line(text, &line, &[], "")), expected);
        }
    }

    #[test]
    fn masks_by_name_where_no_structure_tells() {
        for (line, expected) in [
            ("# DELEGATE_TOKEN: \"abc\" # note", "# DELEGATE_TOKEN: *** # note"),
            ("      - PROXY_PASSWORD=hunter2", "      - PROXY_PASSWORD=***"),
            (
                "value: \"-Xmx1g -Dhttps.proxyPassword=hunter2 -Dx=1\"",
                "value: \"-Xmx1g -Dhttps.proxyPassword=*** -Dx=1\"",
            ),
            ("{\"token\":\"abc\",\"a\":1}", "{\"token\":***,\"a\":1}"),
            ("{\"token\": \"abc\", \"a\": 1}", "{\"token\": ***, \"a\": 1}"),
            ("automountServiceAccountToken: false", "automountServiceAccountToken: false"),
            ("secretName: acorn-client-certificate", "secretName: acorn-client-certificate"),
            ("name: acorn-account-token", "name: acorn-account-token"),
            ("value: http://me:pw@proxy:3128", "value: http://***@proxy:3128"),
            ("  x: LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0t", "  x: ***"),
            ("delegateToken: abc", "delegateToken: ***"),
            ("client.key: abc", "client.key: ***"),
        ] {
            assert_eq!(masked_by_name(line), expected);
        }
    }
}
