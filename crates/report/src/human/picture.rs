//! Both sides of a finding in one picture, drawn by rustc's renderer.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Element, Level, Origin, Renderer, Snippet};
use jostle_model::{Finding, Place};

use super::sheet::{Mark, Sheet};
use super::wrap::wrapped;
use crate::{paths, rule, wording};

/// The columns that the renderer keeps free behind a mark, to show that the line goes on.
const ELLIPSIS: usize = 6;

/// What stands before the text of a note: the widest line number, a corner, `note: `.
const NOTE_MARGIN: usize = 16;

/// The picture: title, the source of both sides, what was measured. Ends with a newline.
pub(super) fn draw(finding: &Finding, color: bool, width: usize) -> String {
    let title = level(finding).primary_title(wording::title(finding)).id(finding.rule.name());
    let report = [title.elements(sides(finding, width)).elements(notes(finding, width))];
    renderer(color, width).render(&report) + "\n"
}

fn renderer(color: bool, width: usize) -> Renderer {
    let base = if color { Renderer::styled().hyperlink(false) } else { Renderer::plain() };
    base.decor_style(DecorStyle::Unicode).term_width(width)
}

fn level(finding: &Finding) -> Level<'static> {
    match rule::level(finding) {
        rule::Level::Error => Level::ERROR,
        rule::Level::Warning => Level::WARNING,
    }
}

fn sides(finding: &Finding, width: usize) -> Vec<Element<'static>> {
    let mut sheets: Vec<Sheet> = Vec::new();
    let mut bare = Vec::new();
    for (index, place) in finding.places.iter().enumerate().take(wording::sides(finding)) {
        let deed = wording::deed(finding, index);
        match sheet(place, &deed, width) {
            Some(sheet) => gather(&mut sheets, sheet),
            None => bare.extend(without_source(place, deed, width)),
        }
    }
    let room = width.saturating_sub(gutter(&sheets));
    sheets.into_iter().map(|sheet| with_source(&sheet, room)).chain(bare).collect()
}

fn sheet(place: &Place, deed: &str, width: usize) -> Option<Sheet> {
    let snippet = place.snippet.as_ref()?;
    Sheet::new(paths::fitted(&snippet.file, path_room(width)), snippet, deed.to_owned())
}

fn gather(sheets: &mut Vec<Sheet>, new: Sheet) {
    match sheets.iter_mut().find(|sheet| sheet.adjoins(&new)) {
        Some(sheet) => sheet.absorb(new),
        None => sheets.push(new),
    }
}

fn with_source(sheet: &Sheet, room: usize) -> Element<'static> {
    let marks = sheet.marks.iter().flat_map(|mark| annotations(sheet, mark, room));
    let snippet = Snippet::source(sheet.text()).line_start(sheet.first_line() as usize).fold(false);
    snippet.path(sheet.file.clone()).annotations(marks).into()
}

/// The statement underlined, with its label beside it or, where there is no room, below it: the renderer moves
/// a label down when its span lies within another one.
fn annotations(sheet: &Sheet, mark: &Mark, room: usize) -> Vec<Annotation<'static>> {
    let span = sheet.span(mark, room.saturating_sub(ELLIPSIS));
    let label = mark.label.clone();
    if sheet.columns(mark) <= room {
        return vec![AnnotationKind::Primary.span(span).label(label)];
    }
    let first = sheet.first_character(mark);
    vec![AnnotationKind::Primary.span(span), AnnotationKind::Primary.span(first).label(label)]
}

fn without_source(place: &Place, deed: String, width: usize) -> Vec<Element<'static>> {
    let origin = (!wording::unseen(place)).then(|| origin(place, width)).flatten();
    let message = note(&deed, width);
    origin.into_iter().map(Element::Origin).chain([message]).collect()
}

/// `--> file:line`, or `--> module@address` where there is no debug information.
fn origin(place: &Place, width: usize) -> Option<Origin<'static>> {
    place.shown_frame().map(|frame| Origin::path(paths::position(frame, path_room(width))))
}

fn notes(finding: &Finding, width: usize) -> Vec<Element<'static>> {
    wording::measured(finding).into_iter().map(|text| note(&text, width)).collect()
}

fn note(text: &str, width: usize) -> Element<'static> {
    Level::NOTE.message(wrapped(text, width.saturating_sub(NOTE_MARGIN)).join("\n")).into()
}

/// The columns left of the source: the widest line number, a space, a bar, a space.
fn gutter(sheets: &[Sheet]) -> usize {
    let last = sheets.iter().map(Sheet::last_line).max().unwrap_or(1);
    last.to_string().len() + 3
}

/// What is left for a path beside the arrow, the line and the column.
fn path_room(width: usize) -> usize {
    width.saturating_sub(20)
}
