//! Pictures of a screen on which nothing was drawn.

/// What a picture can be had as.
pub(super) const FORMATS: [&str; 4] = ["BGR0", "BGRA", "RGBA", "PNG"];

/// A black picture of that size; a PNG says in a comment what it shows. `None` for an unknown format.
pub(in crate::host) fn black(width: u32, height: u32, format: &str, comment: &str) -> Option<Vec<u8>> {
    let count = usize::try_from(u64::from(width) * u64::from(height)).ok()?;
    match format {
        "BGR0" => Some(vec![0; count * 4]),
        "BGRA" | "RGBA" => Some([0, 0, 0, 0xff].repeat(count)),
        "PNG" => png(width, height, count, comment).ok(),
        _ => None,
    }
}

fn png(width: u32, height: u32, count: usize, comment: &str) -> Result<Vec<u8>, png::EncodingError> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.add_text_chunk("Comment".to_owned(), comment.to_owned())?;
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&vec![0; count * 3])?;
    writer.finish()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_have_their_size_and_are_black() {
        assert_eq!(black(3, 2, "BGRA", ""), Some([0, 0, 0, 255].repeat(6)));
        assert_eq!(black(3, 2, "JPEG", ""), None);
        let file = black(64, 48, "PNG", "no guest").unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(&file)).read_info().unwrap();
        assert_eq!((reader.info().width, reader.info().height), (64, 48));
        assert_eq!(reader.info().uncompressed_latin1_text[0].text, "no guest");
        let mut pixels = vec![1; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        assert!(pixels.iter().all(|byte| *byte == 0));
    }
}
