//! A picture as sixels: rows of six pixels, colour by colour, for terminals that show them.

use std::collections::HashMap;
use std::fmt::Write;

/// Levels of red, green and blue where a picture has more colours than that: 6 x 7 x 6 are 252.
const LEVELS: [u16; 3] = [6, 7, 6];

/// Ordered dithering: how much a pixel leans to the next level, by its place.
const LEAN: [[u16; 4]; 4] = [[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]];

/// The picture as text. `pixels` has red, green, blue and one more byte of each pixel.
pub(super) fn encode(pixels: &[u8], columns: usize) -> String {
    let columns = columns.max(1);
    let rows = pixels.len() / 4 / columns;
    let (palette, places) = colors(pixels, columns);
    let mut out = format!("\u{1b}Pq\"1;1;{columns};{rows}");
    let percent = |part: u8| (u16::from(part) * 100 + 127) / 255;
    for (number, [r, g, b]) in palette.iter().enumerate() {
        let _ = write!(out, "#{number};2;{};{};{}", percent(*r), percent(*g), percent(*b));
    }
    for band in places[..rows * columns].chunks(columns * 6) {
        let mut used: Vec<u8> = band.to_vec();
        used.sort_unstable();
        used.dedup();
        for (at, color) in used.into_iter().enumerate() {
            let _ = write!(out, "{}#{color}", if at > 0 { "$" } else { "" });
            let bits = (0..columns).map(|column| {
                let lit = (0..6).filter(|row| band.get(row * columns + column) == Some(&color));
                lit.fold(0u8, |bits, row| bits | 1 << row)
            });
            runs(&mut out, bits);
        }
        out.push('-');
    }
    out + "\u{1b}\\"
}

/// Letters for columns of six pixels; the same one many times over is counted.
fn runs(out: &mut String, bits: impl Iterator<Item = u8>) {
    let mut write = |bits: u8, count: usize| {
        let letter = char::from(bits + 63);
        match count {
            0..=3 => out.extend(std::iter::repeat_n(letter, count)),
            count => {
                let _ = write!(out, "!{count}{letter}");
            }
        }
    };
    let (mut last, mut count) = (0, 0);
    for bits in bits {
        if bits != last {
            write(last, count);
            (last, count) = (bits, 0);
        }
        count += 1;
    }
    // Nothing has to be drawn at the end of a row.
    if last != 0 {
        write(last, count);
    }
}

/// The palette, and the place in it of each pixel: the colours as they are where they are few, else the nearest.
fn colors(pixels: &[u8], columns: usize) -> (Vec<[u8; 3]>, Vec<u8>) {
    let (mut known, mut palette, mut places) = (HashMap::new(), Vec::new(), Vec::with_capacity(pixels.len() / 4));
    for pixel in pixels.chunks_exact(4) {
        let color = [pixel[0], pixel[1], pixel[2]];
        let place = *known.entry(color).or_insert_with(|| {
            palette.push(color);
            palette.len() - 1
        });
        match u8::try_from(place) {
            Ok(place) => places.push(place),
            Err(_) => return dithered(pixels, columns),
        }
    }
    (palette, places)
}

fn dithered(pixels: &[u8], columns: usize) -> (Vec<[u8; 3]>, Vec<u8>) {
    let step = |level: u16, levels: u16| u8::try_from(level * 255 / (levels - 1)).unwrap_or(u8::MAX);
    let [reds, greens, blues] = LEVELS;
    let palette = (0..reds * greens * blues)
        .map(|at| [step(at / (greens * blues), reds), step(at / blues % greens, greens), step(at % blues, blues)]);
    let places = pixels.chunks_exact(4).enumerate().map(|(at, pixel)| {
        let lean = LEAN[at / columns % 4][at % columns % 4];
        let level = |part: u8, levels: u16| {
            let exact = u32::from(part) * u32::from(levels - 1) * 16 + u32::from(lean) * 255;
            u16::try_from(exact / (255 * 16)).unwrap_or(0).min(levels - 1)
        };
        let place = (level(pixel[0], reds) * greens + level(pixel[1], greens)) * blues + level(pixel[2], blues);
        u8::try_from(place).unwrap_or(0)
    });
    (palette.collect(), places.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The places that a terminal draws at and their colours, one after the other.
    fn drawn(text: &str) -> Vec<((usize, usize), [u8; 3])> {
        let body = text.strip_prefix("\u{1b}Pq").unwrap().strip_suffix("\u{1b}\\").unwrap();
        let mut rest = &body[body.find('#').unwrap()..];
        let number = |rest: &mut &str| {
            let end = rest.find(|sign: char| !sign.is_ascii_digit() && sign != ';').unwrap_or(rest.len());
            let (number, behind) = rest.split_at(end);
            *rest = behind;
            number.split(';').map(|part| part.parse().unwrap()).collect::<Vec<usize>>()
        };
        let (mut x, mut y, mut seen) = (0, 0, Vec::new());
        let (mut palette, mut color) = (HashMap::new(), 0);
        while let Some(mut sign) = rest.chars().next() {
            rest = &rest[1..];
            let mut count = 1;
            match sign {
                '#' => match number(&mut rest)[..] {
                    [chosen] => color = chosen,
                    [place, 2, r, g, b] => {
                        palette.insert(place, [r, g, b].map(|part| ((part * 255 + 50) / 100) as u8));
                        color = place;
                    }
                    ref other => panic!("{other:?}"),
                },
                '$' => x = 0,
                '-' => (x, y) = (0, y + 6),
                _ => {
                    if sign == '!' {
                        count = number(&mut rest)[0];
                        sign = rest.chars().next().unwrap();
                        rest = &rest[1..];
                    }
                    let bits = u8::try_from(sign).unwrap() - 63;
                    for _ in 0..count {
                        let lit = (0..6).filter(|row| bits & 1 << row != 0);
                        seen.extend(lit.map(|row| ((x, y + row), palette[&color])));
                        x += 1;
                    }
                }
            }
        }
        seen
    }

    #[test]
    fn few_colours_are_kept_as_they_are() {
        let (red, blue) = ([255, 0, 0, 255], [0, 0, 255, 255]);
        let pixels: Vec<u8> = [red, blue, red, red].concat();
        assert_eq!(encode(&pixels, 2), "\u{1b}Pq\"1;1;2;2#0;2;100;0;0#1;2;0;0;100#0BA$#1?@-\u{1b}\\");
    }

    #[test]
    fn every_pixel_is_drawn_once_whatever_the_size() {
        for (columns, rows) in [(1, 1), (5, 7), (40, 13), (300, 6)] {
            let pixels: Vec<u8> =
                (0..columns * rows).flat_map(|at| [(at % 251) as u8, (at / 7) as u8, (at % 13) as u8, 255]).collect();
            let mut seen = drawn(&encode(&pixels, columns));
            assert_eq!(seen.len(), columns * rows, "{columns} x {rows}");
            assert!(seen.iter().all(|((x, y), _)| *x < columns && *y < rows));
            seen.sort_unstable();
            seen.dedup_by_key(|(place, _)| *place);
            assert_eq!(seen.len(), columns * rows, "{columns} x {rows}: twice");
        }
    }

    #[test]
    fn each_pixel_has_its_colour_or_one_near_it() {
        // 216 colours as they are, then thousands.
        for (columns, rows, step, most) in [(36, 12, 51, 2), (90, 50, 1, 52)] {
            let pixel = |at: usize| match step {
                51 => [at % 6, at / 6 % 6, at / 36 % 6].map(|part| (part * step) as u8),
                _ => [at / 18, at / 7, at].map(|part| (part * step % 256) as u8),
            };
            let pixels: Vec<u8> = (0..columns * rows).flat_map(|at| [&pixel(at)[..], &[255]].concat()).collect();
            for ((x, y), color) in drawn(&encode(&pixels, columns)) {
                let wanted = pixel(y * columns + x);
                let far = color.iter().zip(wanted).map(|(one, other)| one.abs_diff(other)).max().unwrap();
                assert!(far <= most, "{x}, {y}: {color:?} for {wanted:?}");
            }
        }
    }

    #[test]
    fn many_colours_become_near_ones() {
        let pixels: Vec<u8> = (0..1024u32).flat_map(|at| [(at / 4) as u8, (at % 256) as u8, 128, 255]).collect();
        let (palette, places) = colors(&pixels, 32);
        assert_eq!((palette.len(), places.len()), (252, 1024));
        let far = pixels.chunks(4).zip(&places).map(|(pixel, place)| {
            let color = palette[usize::from(*place)];
            pixel.iter().zip(color).map(|(one, other)| one.abs_diff(other)).max().unwrap()
        });
        assert!(far.max().unwrap() <= 52);
    }
}
