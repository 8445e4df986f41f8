//! A line of a manifest → the same line without its secrets.
//!
//! Values of Secrets and of variables that are secrets by name are masked by place, whatever they hold. What stands
//! where no structure tells (comments, command lines, embedded files) is masked by the name before it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::delegate::{Holds, Mask, is_secret_name};
use crate::identity;
use crate::yaml::{Span, slice};

pub(super) const MASKED: &str = "***";

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
        // behind a secret there may stand the one before it
        None if at > span.start && rest.trim_start().starts_with('#') => out.extend([" # ", MASKED]),
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
    let before = slice(text, &(0..span.start)).lines().next_back().unwrap_or_default();
    let (before_starts_item, before_at) = item(before);
    if starts_item && before_starts_item && is_secret_option(before) {
        return Some(at - 1);
    }
    let value = line.get(at..)?.strip_prefix("value:").filter(|value| !value.trim().is_empty())?;
    let names_secret = |line: &str, at: usize| {
        let name = line.get(at..).and_then(|entry| entry.strip_prefix("name:"));
        name.is_some_and(|name| is_secret_name(name.trim().trim_matches(['"', '\''])))
    };
    let behind = slice(text, &(span.end..text.len())).lines().nth(1).unwrap_or_default();
    let (behind_starts_item, behind_at) = item(behind);
    let is_secret =
        !starts_item && names_secret(before, before_at) || !behind_starts_item && names_secret(behind, behind_at);
    is_secret.then_some(line.len() - value.len())
}

/// Whether a line is an item of a list that is an option whose value is the next item: `- --password`.
fn is_secret_option(line: &str) -> bool {
    let item = line.trim_matches([' ', '\t', '\r', '#']);
    let option = item.strip_prefix("- ").unwrap_or_default().trim_matches([' ', '\t', '"', '\'', ',']);
    option.starts_with('-')
        && next_word(option).is_some_and(|word| word.len() == option.len())
        && is_secret_name(option)
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

/// Masks what stands behind a secret's name, user info, a private key as PEM or as base64 of PEM.
fn masked_by_name(line: &str) -> String {
    const BEGIN: &str = "PRIVATE KEY-----";
    let key = line.find(BEGIN).and_then(|at| line.split_at_checked(at + BEGIN.len()));
    if let Some((begin, _)) = key.filter(|(_, key)| !is_harmless(key)) {
        return masked_by_name(begin) + MASKED;
    }
    let names_secret = names_secret(line);
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(word) = next_word(rest) {
        let (before, from) = rest.split_at_checked(word.start).unwrap_or((rest, ""));
        let (name, behind) = from.split_at_checked(word.len()).unwrap_or((from, ""));
        out.push_str(before);
        rest = behind;
        if name.contains("LS0tLS1") {
            out.push_str(MASKED);
            rest = behind.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '='));
            continue;
        }
        out.push_str(name);
        let is_secret = is_secret_name(name) && !is_mounted(name, behind) || names_secret && name == "value";
        let value = if is_secret { assigned(behind).or_else(|| option(name, behind)) } else { user(name, behind) };
        // a volume of the Kubernetes API: `secret: {secretName: acorn}`
        let refers = |value: &Span| name == "secret" && slice(behind, value).starts_with('{') && refers_only(behind);
        let Some(value) = value.filter(|value| !refers(value)) else { continue };
        out.push_str(slice(behind, &(0..value.start)));
        let shown = slice(behind, &value);
        out.push_str(if is_harmless(shown) { shown } else { MASKED });
        rest = slice(behind, &(value.end..behind.len()));
    }
    out.push_str(rest);
    masked_user_info(&out)
}

/// Whether a key file is named in a mount of docker-compose, `./client.key:/etc/mtls/client.key:ro`: a value of YAML has
/// a blank before it, one of JSON quotes.
fn is_mounted(name: &str, behind: &str) -> bool {
    let mode = || behind.strip_prefix(':').map(|mode| mode.trim_end().trim_end_matches(is_quote));
    name.ends_with(".key") && (behind.starts_with(":/") || matches!(mode(), Some("ro" | "rw" | "ro,z" | "ro,Z")))
}

/// Whether the first key of a flow mapping is `secretName`.
fn refers_only(mapping: &str) -> bool {
    next_word(mapping).and_then(|word| mapping.get(word)) == Some("secretName")
}

/// Whether a line names a secret variable, as in `{name: A_TOKEN, value: hunter2}`.
fn names_secret(line: &str) -> bool {
    line.contains("value")
        && line.match_indices("name").any(|(at, name)| {
            let value = line.get(at + name.len()..).unwrap_or_default().trim_start_matches(is_quote);
            let value = value.trim_start_matches([' ', '\t']).strip_prefix(':').unwrap_or_default();
            next_word(value).and_then(|word| value.get(word)).is_some_and(is_secret_name)
        })
}

/// The next run of letters that can be a name.
fn next_word(text: &str) -> Option<Span> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let start = text.find(is_name)?;
    let rest = text.get(start..)?;
    let len = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
    Some(start..start + len)
}

/// A quote, or what stands before one inside another.
fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\'' | '\\')
}

/// Where the value is that is assigned behind a name: behind `:` all of the line, for nothing tells where a value of
/// YAML or JSON ends that may be damaged; behind `=` up to a blank, and all of the line where it starts with a quote.
fn assigned(behind: &str) -> Option<Span> {
    let sign = behind.trim_start_matches(|c| is_quote(c) || c == ']').trim_start_matches([' ', '\t']);
    let end = behind.trim_end().len();
    if let Some(value) = sign.strip_prefix(':') {
        return Some(offset(behind, value.trim_start_matches([' ', '\t', '='])).min(end)..end);
    }
    let value = sign.trim_start_matches(['+', '?', '!']).strip_prefix('=')?.trim_start_matches([' ', '\t', '=', '>']);
    Some(word_or_quoted(behind, value))
}

/// Where the value of an option is: `--password hunter2`, also as items of a list.
fn option(name: &str, behind: &str) -> Option<Span> {
    let value = behind.trim_start_matches(|c| is_quote(c) || matches!(c, ',' | ' ' | '\t'));
    let is_option = name.starts_with('-') || name.eq_ignore_ascii_case("bearer");
    // the quote of the value is not trimmed: it tells that the value may hold blanks
    let quoted = slice(behind, &(0..offset(behind, value))).ends_with(is_quote);
    let value_start = offset(behind, value);
    let blank = behind.starts_with([' ', '\t', ',']) || behind.trim_start_matches(is_quote).starts_with([' ', ',']);
    if !is_option || !blank || value.is_empty() {
        return None;
    }
    let word = word_or_quoted(behind, value);
    Some(value_start..if quoted { behind.trim_end().len() } else { word.end })
}

/// Where the user and password of curl's `-u me:hunter2` are.
fn user(name: &str, behind: &str) -> Option<Span> {
    if !matches!(name, "-u" | "-U" | "--user" | "--proxy-user") {
        return name.starts_with("-u").then(|| behind.starts_with(':').then(|| word_or_quoted(behind, behind)))?;
    }
    let value = behind.trim_start_matches(|c| is_quote(c) || matches!(c, ',' | ' ' | '\t' | '='));
    let quoted = slice(behind, &(0..offset(behind, value))).ends_with(is_quote);
    let word = word_or_quoted(behind, value);
    let end = if quoted { behind.trim_end().len() } else { word.end };
    slice(behind, &(word.start..end)).contains(':').then_some(word.start..end)
}

/// Up to the next blank; all of the line where the value starts with a quote.
fn word_or_quoted(behind: &str, value: &str) -> Span {
    let start = offset(behind, value);
    let len = if value.starts_with(is_quote) { None } else { value.find([' ', '\t']) };
    start..start + len.unwrap_or(value.trim_end().len())
}

/// Where the end of a text starts in it.
fn offset(text: &str, end: &str) -> usize {
    text.len() - end.len()
}

/// What says nothing: nothing, a word that is no password, the header of a block.
fn is_harmless(value: &str) -> bool {
    let value = value.trim();
    let block = value.strip_prefix(['|', '>']);
    let is_header = block.is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-')));
    let word = value.trim_end_matches([',', '}', ']', ' ']).trim_end_matches(is_quote).trim_start_matches(is_quote);
    is_header || matches!(word, "" | "true" | "false" | "null" | "~" | "{" | "[")
}

/// `scheme://user:password@host` → `scheme://***@host`, and `user:password@host` → `***@host`.
fn masked_user_info(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find("://") {
        let (before, from) = rest.split_at_checked(at + 3).unwrap_or((rest, ""));
        let (before, scheme) = before.split_at_checked(before.rfind([' ', '\t']).unwrap_or(0)).unwrap_or((before, ""));
        out.push_str(&masked_pairs(before));
        out.push_str(scheme);
        let end = url_end(from);
        let user_info = from.get(..end).and_then(|url| url.rfind('@'));
        if user_info.is_some() {
            out.push_str(MASKED);
        }
        let (shown, behind) = from.split_at_checked(end).unwrap_or((from, ""));
        out.push_str(shown.get(user_info.unwrap_or(0)..).unwrap_or_default());
        rest = behind;
    }
    out.push_str(&masked_pairs(rest));
    out
}

/// Where a URL ends: at a blank, or at a quote that closes a value. A password may hold the others.
fn url_end(from: &str) -> usize {
    let closes = |at: usize| {
        let behind = from.get(at + 1..).unwrap_or_default();
        behind.is_empty() || behind.starts_with([' ', '\t', ',', ']', '}', ')', ';'])
    };
    let end = from.char_indices().find(|&(at, c)| matches!(c, ' ' | '\t') || matches!(c, '"' | '\'') && closes(at));
    end.map_or(from.len(), |(at, _)| at)
}

/// `me:hunter2@proxy:3128` → `***@proxy:3128`. The digest of an image is no host.
fn masked_pairs(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_inclusive([' ', '\t']) {
        let mut end = word.rfind('@');
        while let Some(at) = end
            && word.get(at + 1..).is_some_and(|host| host.starts_with("sha256:") || host.starts_with("sha512:"))
        {
            end = word.get(..at).and_then(|before| before.rfind('@'));
        }
        let (pair, host) = word.split_at_checked(end.unwrap_or(0)).unwrap_or(("", word));
        match pair.split_once(':') {
            Some((user, _)) if host.len() > 1 => {
                let lead = user.rfind(['=', '"', '\'', '[', '{', '(', ',']).map_or(0, |at| at + 1);
                out.extend([slice(user, &(0..lead)), MASKED, host]);
            }
            _ => out.push_str(word),
        }
    }
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
        assert_eq!(line(0..10), "a: *** # ***");
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
            ("  - --password\n  - x\n", ["  - --password", "  - ***"]),
            ("  - \"--token\"\n  - \"x\"\n", ["  - \"--token\"", "  - ***"]),
            ("  - --verbose\n  - x\n", ["  - --verbose", "  - x"]),
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
            ("# DELEGATE_TOKEN: \"abc\" # hunter2", "# DELEGATE_TOKEN: ***"),
            ("      - PROXY_PASSWORD=hunter2", "      - PROXY_PASSWORD=***"),
            (
                "value: \"-Xmx1g -Dhttps.proxyPassword=hunter2 -Dx=1\"",
                "value: \"-Xmx1g -Dhttps.proxyPassword=*** -Dx=1\"",
            ),
            ("{\"token\":\"abc\",\"a\":1}", "{\"token\":***"),
            ("{\"token\": \"abc\", \"a\": 1}", "{\"token\": ***"),
            (r#"{\"token\":\"abc\",\"a\":1}"#, r#"{\"token\":***"#),
            ("secret: {secretName: acorn}", "secret: {secretName: acorn}"),
            ("\"secret\": {\"secretName\": \"acorn\"}}]", "\"secret\": {\"secretName\": \"acorn\"}}]"),
            ("secret: {x: hunter2}", "secret: ***"),
            ("token:hunter2", "token:***"),
            ("- ./client.key:/etc/mtls/client.key:ro", "- ./client.key:/etc/mtls/client.key:ro"),
            ("- \"./client.key:/etc/mtls/client.key:ro\"", "- \"./client.key:/etc/mtls/client.key:ro\""),
            ("client.key: /hunter2", "client.key: ***"),
            ("\"client.key\":\"/hunter2\"", "\"client.key\":***"),
            ("client.key:hunter2", "client.key:***"),
            ("token: x # hunter2", "token: ***"),
            ("token: \"a\\\"hunter2\"", "token: ***"),
            ("password: |", "password: |"),
            ("password: >2-", "password: >2-"),
            ("password: \"\"", "password: \"\""),
            ("password:", "password:"),
            ("\"token\": null,", "\"token\": null,"),
            ("token='hunter 2' x", "token=***"),
            ("a?token=hunter2&x=1 y", "a?token=*** y"),
            ("TOKEN == hunter2 y", "TOKEN == *** y"),
            ("x --password hunter2 -v", "x --password *** -v"),
            ("x --token 'hunter 2' -v", "x --token '***"),
            ("[\"--token\", \"hunter2\"]", "[\"--token\", \"***"),
            ("curl -u me:hunter2 x", "curl -u *** x"),
            ("curl --user me:hunter2 x", "curl --user *** x"),
            ("curl --user=\"me:hunter 2\" x", "curl --user=\"***"),
            ("curl -ume:hunter2 x", "curl -ume*** x"),
            ("curl -H 'Authorization: Bearer hunter2'", "curl -H 'Authorization: ***"),
            ("Bearer hunter2 x", "Bearer *** x"),
            ("# - {name: A_TOKEN, value: hunter2}", "# - {name: A_TOKEN, value: ***"),
            ("# - {name: A, value: x}", "# - {name: A, value: x}"),
            ("automountServiceAccountToken: false", "automountServiceAccountToken: false"),
            ("secretName: acorn-client-certificate", "secretName: acorn-client-certificate"),
            ("name: acorn-account-token", "name: acorn-account-token"),
            ("value: http://me:pw@proxy:3128", "value: http://***@proxy:3128"),
            ("value: \"http://me:p/w?@'x@proxy:3128\"", "value: \"http://***@proxy:3128\""),
            ("value: http://a/b http://me:pw@c", "value: http://a/b http://***@c"),
            ("value: me:pw@proxy:3128", "value: ***@proxy:3128"),
            ("value: \"me:pw@proxy:3128\"", "value: \"***@proxy:3128\""),
            ("HTTPS_PROXY=me:pw@proxy:3128", "HTTPS_PROXY=***@proxy:3128"),
            ("image: a.b:5000/c:1.2@sha256:00", "image: a.b:5000/c:1.2@sha256:00"),
            ("git@example.com:a/b me@example.com", "git@example.com:a/b me@example.com"),
            ("x: LS0tLS1CRUdJTiB+/x== y", "x: *** y"),
            ("  x: LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0t", "  x: ***"),
            (r#""x": "-----BEGIN PRIVATE KEY-----\nMII\n-----END","#, r#""x": "-----BEGIN PRIVATE KEY-----***"#),
            ("  -----BEGIN RSA PRIVATE KEY-----", "  -----BEGIN RSA PRIVATE KEY-----"),
            ("delegateToken: abc", "delegateToken: ***"),
            ("client.key: abc", "client.key: ***"),
        ] {
            assert_eq!(masked_by_name(line), expected);
        }
    }
}
