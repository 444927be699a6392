//! Pictures in the terminal, read as a terminal reads them: every pixel, and every byte of the file, arrives.

use super::terminal::Terminal;
use crate::support::program::Program;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Width, and red, green and blue of each pixel.
struct Picture {
    columns: usize,
    pixels: Vec<[u8; 3]>,
}

fn of_png(bytes: &[u8]) -> Picture {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().unwrap();
    let mut buffer = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut buffer).unwrap();
    let each = frame.color_type.samples();
    assert!(each >= 3, "{frame:?}");
    let pixels = buffer[..frame.buffer_size()].chunks(each).map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
    Picture { columns: frame.width as usize, pixels }
}

/// The number at the beginning, which is taken away.
fn number(rest: &mut &str) -> usize {
    let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, behind) = rest.split_at(end);
    *rest = behind;
    digits.parse().unwrap()
}

/// The numbers at the beginning, with `;` between them.
fn numbers(rest: &mut &str) -> Vec<usize> {
    let mut found = vec![number(rest)];
    while let Some(behind) = rest.strip_prefix(';') {
        *rest = behind;
        found.push(number(rest));
    }
    found
}

/// What a terminal makes of sixels: everything between `ESC P` and `ESC \`.
fn of_sixels(text: &str) -> Picture {
    let mut rest = text.strip_prefix("q\"").unwrap();
    let [1, 1, columns, rows] = numbers(&mut rest)[..] else { panic!("{}", &text[..40]) };
    let mut pixels = vec![None; columns * rows];
    let (mut palette, mut color) = (vec![[0; 3]; 256], 0);
    let (mut x, mut y, mut count) = (0, 0, 1);
    while let Some(sign) = rest.chars().next() {
        rest = &rest[1..];
        match sign {
            '#' => match numbers(&mut rest)[..] {
                [chosen] => color = chosen,
                [place, 2, r, g, b] => palette[place] = [r, g, b].map(|part| ((part * 255 + 50) / 100) as u8),
                ref other => panic!("{other:?}"),
            },
            '!' => count = number(&mut rest),
            '$' => x = 0,
            '-' => (x, y) = (0, y + 6),
            '?'..='~' => {
                for _ in 0..std::mem::replace(&mut count, 1) {
                    for row in (0..6).filter(|row| (sign as u8 - b'?') & 1 << row != 0) {
                        pixels[(y + row) * columns + x] = Some(palette[color]);
                    }
                    x += 1;
                }
            }
            other => panic!("{other:?} is no sixel"),
        }
    }
    Picture { columns, pixels: pixels.into_iter().map(|pixel| pixel.expect("a pixel is not drawn")).collect() }
}

/// A terminal in which a machine runs whose screen fits into it.
fn running(program: &Program) -> Terminal {
    program.machine("web-01");
    program.lines(&["start web-01 headless"]).ok();
    Terminal::open_in(program, &[], (200, 60))
}

fn file(program: &Program) -> Vec<u8> {
    std::fs::read(program.home().join("web.png")).unwrap()
}

#[test]
fn sixels_draw_the_picture_of_the_file() {
    let program = Program::new();
    let mut terminal = running(&program);
    terminal.types("screenshot web-01 web.png --picture sixel\r");
    terminal.shows("\x1bP");
    let drawn = of_sixels(&terminal.shows("\x1b\\"));
    terminal.prompted();
    let kept = of_png(&file(&program));
    assert_eq!((drawn.columns, drawn.pixels.len()), (kept.columns, kept.pixels.len()));
    // Parts of colours are per cent there.
    let near = |one: &[u8; 3], other: &[u8; 3]| one.iter().zip(other).all(|(one, other)| one.abs_diff(*other) <= 2);
    let wrong = drawn.pixels.iter().zip(&kept.pixels).filter(|(drawn, kept)| !near(drawn, kept)).count();
    assert_eq!(wrong, 0, "of {} pixels", kept.pixels.len());
    program.lines(&["powerdown web-01"]).ok();
}

#[test]
fn kitty_gets_the_file_in_pieces() {
    let program = Program::new();
    let mut terminal = running(&program);
    terminal.types("screenshot web-01 web.png --picture kitty\r");
    let (mut sent, mut first) = (String::new(), true);
    loop {
        terminal.shows("\x1b_G");
        let piece = terminal.shows("\x1b\\");
        let (keys, data) = piece.split_once(';').unwrap();
        assert_eq!(keys.starts_with("a=T,f=100,"), first, "{keys}");
        assert!(data.len() <= 4096 && (data.len() % 4 == 0), "{} letters", data.len());
        first = false;
        sent += data;
        if keys.ends_with("m=0") {
            break;
        }
        assert!(keys.ends_with("m=1"), "{keys}");
    }
    terminal.prompted();
    assert!(STANDARD.decode(sent).unwrap() == file(&program), "the file itself is sent");
    program.lines(&["powerdown web-01"]).ok();
}

#[test]
fn iterm_gets_the_file_with_its_size() {
    let program = Program::new();
    let mut terminal = running(&program);
    terminal.types("screenshot web-01 web.png --picture iterm\r");
    terminal.shows("\x1b]1337;File=inline=1;size=");
    let sent = terminal.shows("\x07");
    terminal.prompted();
    let (size, data) = sent.split_once(':').unwrap();
    let bytes = STANDARD.decode(data).unwrap();
    assert_eq!(size.parse::<usize>().unwrap(), bytes.len());
    assert!(bytes == file(&program), "the file itself is sent");
    program.lines(&["powerdown web-01"]).ok();
}
