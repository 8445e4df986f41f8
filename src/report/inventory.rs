//! An inventory → a card for each object, who belongs to whom, the findings, and whether each pair will work.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::Message;
use crate::identity::{CertificateCard, Chain, ChainEnd, Content, Inventory, Loader, Object};

const BOLD: Style = Style::new().bold();

/// Writes the inventory for a person.
///
/// # Errors
/// Those of the writer.
pub fn write_inventory(out: &mut dyn Write, inventory: &Inventory) -> io::Result<()> {
    for (number, object) in inventory.objects.iter().enumerate() {
        if number > 0 {
            writeln!(out)?;
        }
        write_object(out, inventory, number, object)?;
    }
    for chain in &inventory.chains {
        writeln!(out)?;
        write_chain(out, inventory, chain)?;
    }
    if !inventory.findings.is_empty() && !inventory.objects.is_empty() {
        writeln!(out)?;
    }
    for finding in &inventory.findings {
        Message::from(finding).write(out)?;
    }
    let verdicts: Vec<(&Chain, bool)> =
        inventory.chains.iter().filter_map(|chain| Some((chain, chain.works?))).collect();
    if !verdicts.is_empty() {
        writeln!(out)?;
    }
    for (chain, works) in verdicts {
        let files: Vec<&str> =
            chain.certificates.first().into_iter().chain(&chain.key).map(|at| place(inventory, *at)).collect();
        let (style, answer) = if works {
            (AnsiColor::Green.on_default().bold(), "will work")
        } else {
            (AnsiColor::Red.on_default().bold(), "will not work")
        };
        let who = match chain.generation {
            Loader::Java => "a classic delegate",
            Loader::Go => "Delegate 3.x",
        };
        writeln!(out, "{}: the pair {style}{answer}{style:#} for {who}", files.join(", "))?;
    }
    Ok(())
}

fn place(inventory: &Inventory, object: usize) -> &str {
    inventory.objects.get(object).map_or("", |object| object.place.as_str())
}

fn write_object(out: &mut dyn Write, inventory: &Inventory, number: usize, object: &Object) -> io::Result<()> {
    let value = object.value.as_ref().map(|value| format!(" ({value})")).unwrap_or_default();
    let head = |out: &mut dyn Write, what: &str| writeln!(out, "{BOLD}{}{BOLD:#}{value}: {what}", object.place);
    match &object.content {
        Content::Certificate(card) => {
            let before = inventory.objects.iter().take(number);
            let twin = before.into_iter().find(|other| same_certificate(other, card));
            match twin {
                Some(twin) => head(out, &format!("the same certificate as {}", twin.place)),
                None => {
                    head(out, "certificate")?;
                    write_certificate(out, card)
                }
            }
        }
        Content::PrivateKey(card) => {
            head(out, "private key")?;
            let encrypted = if card.encrypted { ", encrypted" } else { "" };
            line(out, "format", &format!("{}{encrypted}", card.format))?;
            if let Some(key) = &card.key {
                line(out, "key", &key.to_string())?;
            }
            let owners: Vec<&str> = card.belongs_to.iter().map(|at| place(inventory, *at)).collect();
            if owners.is_empty() { Ok(()) } else { line(out, "belongs to", &owners.join(", ")) }
        }
        Content::Request(card) => {
            head(out, "certificate request")?;
            line(out, "subject", &card.subject)?;
            line(out, "key", &card.key.to_string())?;
            let valid = match card.signature_valid {
                Some(true) => "",
                Some(false) => ", which is not valid",
                None => ", which was not verified",
            };
            line(out, "signature", &format!("{}{valid}", card.signature))?;
            if !card.requested_extensions.is_empty() {
                line(out, "asks for", &card.requested_extensions.join(", "))?;
            }
            Ok(())
        }
        Content::Other { what } => head(out, what),
    }
}

fn same_certificate(object: &Object, card: &CertificateCard) -> bool {
    matches!(&object.content, Content::Certificate(other) if other.sha256 == card.sha256)
}

fn write_certificate(out: &mut dyn Write, card: &CertificateCard) -> io::Result<()> {
    line(out, "subject", &card.subject)?;
    line(out, "issuer", if card.self_signed { "itself" } else { &card.issuer })?;
    line(out, "serial", &card.serial)?;
    let left = match card.days_left {
        0 => "ends within a day".to_owned(),
        1 => "1 day left".to_owned(),
        -1 => "ended less than a day ago".to_owned(),
        -2 => "ended 1 day ago".to_owned(),
        days @ 2.. => format!("{days} days left"),
        days => format!("ended {} days ago", days.unsigned_abs() - 1),
    };
    line(out, "valid", &format!("{} to {}, {left}", card.not_before.date(), card.not_after.date()))?;
    line(out, "version", &card.version.to_string())?;
    line(out, "key", &card.key.to_string())?;
    line(out, "signature", &card.signature)?;
    line(out, "usages", &usages(card))?;
    if !card.subject_alternative_names.is_empty() {
        line(out, "names", &card.subject_alternative_names.join(", "))?;
    }
    line(out, "SHA-256", &card.sha256)
}

fn usages(card: &CertificateCard) -> String {
    let ca = match card.ca {
        Some(true) => Some("CA".to_owned()),
        Some(false) => Some("not a CA".to_owned()),
        None => None,
    };
    let usages = card.key_usage.iter().chain(&card.extended_key_usage).map(|usages| usages.join(", "));
    let all: Vec<String> = ca.into_iter().chain(usages).collect();
    if all.is_empty() { "not restricted".to_owned() } else { all.join("; ") }
}

fn line(out: &mut dyn Write, name: &str, value: &str) -> io::Result<()> {
    writeln!(out, "  {name:<10} {value}")
}

fn write_chain(out: &mut dyn Write, inventory: &Inventory, chain: &Chain) -> io::Result<()> {
    for (depth, object) in chain.certificates.iter().enumerate() {
        let Some(Object { place, content: Content::Certificate(card), .. }) = inventory.objects.get(*object) else {
            continue;
        };
        let own_word = if card.self_signed { ", signed by itself" } else { "" };
        let key = match chain.key {
            Some(key) if depth == 0 => format!(", key in {}", self::place(inventory, key)),
            _ => String::new(),
        };
        writeln!(out, "{}{} ({place}{key}{own_word})", branch(depth), card.subject)?;
    }
    let depth = chain.certificates.len();
    match &chain.end {
        ChainEnd::Anchor => Ok(()),
        ChainEnd::IssuerMissing { issuer } => writeln!(out, "{}{issuer} (not here)", branch(depth)),
        ChainEnd::IssuerOtherKey { issuer } => {
            writeln!(out, "{}{issuer} (here with another key, which did not sign)", branch(depth))
        }
        ChainEnd::IssuerOtherId { issuer } => {
            writeln!(out, "{}{issuer} (here with another key identifier or serial number)", branch(depth))
        }
    }
}

/// `└─ ` below the certificate that is issued.
fn branch(depth: usize) -> String {
    if depth == 0 { String::new() } else { format!("{}└─ ", "   ".repeat(depth - 1)) }
}
