//! Lays out declarations the way a person would write them.

/// Returns a member of an event map, with its documentation.
pub(super) fn member(name: &str, docs: &[&str], signature: &str) -> String {
    let docs = docs.iter().map(|line| line.trim());
    format!(
        "{}  '{name}': {signature};\n",
        comment(&docs.collect::<Vec<_>>(), "  ")
    )
}

/// Returns a JSDoc comment, however it was laid out before, at that indentation.
pub(super) fn docs(block: &str, indent: &str) -> String {
    let lines: Vec<&str> = block
        .lines()
        .map(|line| {
            line.trim()
                .trim_start_matches("/**")
                .trim_start_matches('*')
        })
        .filter(|line| *line != "/")
        .map(str::trim)
        .collect();
    let from = lines.iter().position(|line| !line.is_empty()).unwrap_or(0);
    let to = lines.iter().rposition(|line| !line.is_empty()).unwrap_or(0);
    comment(&lines[from..=to], indent)
}

/// Returns a declaration of the name given: an interface for an object, else an alias.
pub(super) fn declaration(name: &str, declared: &str) -> String {
    let (_, body) = declared.split_once('=').unwrap_or(("", declared));
    let body = body.trim().trim_end_matches(';').trim();
    match body
        .strip_prefix("{ \n")
        .and_then(|body| body.strip_suffix('}'))
    {
        Some(fields) => format!("export interface {name} {{\n{}}}\n", members(fields)),
        None => format!("export type {name} = {};\n", body.replace('"', "'")),
    }
}

/// Lays out fields that stand one to a line, each below its comment.
fn members(fields: &str) -> String {
    let mut text = String::new();
    let mut block = String::new();
    for line in fields.lines().map(str::trim) {
        if line.starts_with("/**") || line.starts_with('*') {
            block += line;
            block.push('\n');
        } else if !line.is_empty() {
            text += &docs(&std::mem::take(&mut block), "  ");
            let field = line.trim_end_matches(',').replace('"', "'");
            text += &format!("  {field};\n");
        }
    }
    text
}

/// Turns the links of Rust documentation into those of JSDoc.
fn links(line: &str) -> String {
    line.replace("[`", "{@link ").replace("`]", "}")
}

fn comment(lines: &[&str], indent: &str) -> String {
    let lines: Vec<String> = lines.iter().map(|line| links(line)).collect();
    match lines.as_slice() {
        [] => String::new(),
        [line] => format!("{indent}/** {line} */\n"),
        lines => {
            let body: String = lines
                .iter()
                .map(|line| format!("{indent} * {line}").trim_end().to_owned() + "\n")
                .collect();
            format!("{indent}/**\n{body}{indent} */\n")
        }
    }
}
