use super::headers::Headers;
use crate::go::{GoElf, GoImage, GoSection, GoSegment};

/// Hands the Go reader the parts of the file that its tables may stand in.
pub(crate) fn parse(headers: &Headers) -> Option<GoImage> {
    let sections = headers.sections.iter().filter(|section| section.loaded).map(|section| GoSection {
        name: section.name,
        address: section.address,
        data: section.data,
    });
    let segments = headers.segments.iter().map(|segment| GoSegment {
        address: segment.address.0,
        data: headers.segment_bytes(segment),
        executable: segment.executable,
    });
    GoImage::parse(&GoElf { sections: sections.collect(), segments: segments.collect() })
}
