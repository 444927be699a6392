//! Pictures in the terminal: kitty's and iTerm2's ways and sixels for those that know them, coloured half blocks
//! elsewhere.

use super::{Ui, sixel, text};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// How a terminal shows pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureWay {
    /// The kitty graphics protocol.
    Kitty,
    /// iTerm2's inline images.
    Iterm,
    /// Sixels, as DEC's terminals had them.
    Sixel,
    /// Half blocks in two colours each.
    Blocks,
    /// Not at all.
    Nothing,
}

use PictureWay as Way;

impl PictureWay {
    /// The way of that name; `None` for `auto` and for unknown names.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "kitty" => Self::Kitty,
            "iterm" => Self::Iterm,
            "sixel" => Self::Sixel,
            "blocks" => Self::Blocks,
            "none" => Self::Nothing,
            _ => return None,
        })
    }
}

/// What the environment tells of the terminal, and what it says itself when `asked` for sixels.
fn way(variable: impl Fn(&str) -> Option<String>, asked: impl FnOnce() -> bool, colors: bool) -> Way {
    // What is inside tmux or screen has the variables of the terminal outside, which does not get everything.
    let inside = variable("TMUX").is_some() || variable("STY").is_some();
    if inside {
        return if asked() { Way::Sixel } else { blocks_or_nothing(colors) };
    }
    let is = |name: &str, part: &str| variable(name).is_some_and(|value| value.contains(part));
    if variable("KITTY_WINDOW_ID").is_some()
        || is("TERM", "kitty")
        || is("TERM_PROGRAM", "ghostty")
        || is("TERM_PROGRAM", "WezTerm")
    {
        return Way::Kitty;
    }
    if is("TERM_PROGRAM", "iTerm") || is("LC_TERMINAL", "iTerm2") {
        return Way::Iterm;
    }
    if asked() { Way::Sixel } else { blocks_or_nothing(colors) }
}

fn blocks_or_nothing(colors: bool) -> Way {
    if colors { Way::Blocks } else { Way::Nothing }
}

/// The size in which a picture is shown: no larger than it is, and no larger than the terminal with room for a line.
fn fitted(size: (i64, i64), cells: (usize, usize), cell: (u16, u16)) -> (i64, i64) {
    let pixels = |count: usize, one: u16| i64::try_from(count.max(1)).unwrap_or(1) * i64::from(one);
    let most = (pixels(cells.0, cell.0), pixels(cells.1.saturating_sub(2), cell.1));
    let (wide, high) = (size.0.max(1), size.1.max(1));
    let width = wide.min(most.0).min(most.1 * wide / high).max(1);
    (width, (width * high / wide).max(1))
}

impl Ui {
    /// Shows a picture (PNG, of that size in pixels) on a terminal as well as it can. `scaled` gives it in another
    /// size, as bytes of red, green, blue and one more for each pixel.
    /// `chosen` is how, where the user says it.
    pub fn picture(
        &self,
        png: &[u8],
        size: (i64, i64),
        chosen: Option<PictureWay>,
        scaled: impl FnOnce(i64, i64) -> Option<Vec<u8>>,
    ) {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let found = || way(variable, || self.answers().sixel, self.style().is_on());
        match chosen.unwrap_or_else(found) {
            Way::Sixel => {
                let cells = (text::terminal_columns(), text::terminal_rows());
                let (wide, high) = fitted(size, cells, self.answers().cell.unwrap_or((8, 16)));
                if let Some(pixels) = scaled(wide, high) {
                    let columns = usize::try_from(wide).unwrap_or(1);
                    self.escape(&format!("{}\n", sixel::encode(&pixels, columns)));
                }
            }
            Way::Kitty => self.escape(&kitty(png)),
            Way::Iterm => self.escape(&iterm(png)),
            Way::Blocks => {
                let columns = i64::try_from(self.width().min(100)).unwrap_or(80);
                let rows = (columns * size.1 / size.0.max(1)).clamp(2, 200) / 2 * 2;
                if let Some(pixels) = scaled(columns, rows) {
                    self.escape(&blocks(&pixels, usize::try_from(columns).unwrap_or(1)));
                }
            }
            Way::Nothing => {}
        }
    }
}

/// The picture in pieces of 4096 characters, as kitty wants them.
fn kitty(png: &[u8]) -> String {
    let encoded = STANDARD.encode(png);
    let mut pieces = encoded.as_bytes().chunks(4096).peekable();
    let mut out = String::new();
    let mut first = true;
    while let Some(piece) = pieces.next() {
        let more = u8::from(pieces.peek().is_some());
        let head = if first { format!("a=T,f=100,m={more}") } else { format!("m={more}") };
        out += &format!("\u{1b}_G{head};{}\u{1b}\\", String::from_utf8_lossy(piece));
        first = false;
    }
    out + "\n"
}

fn iterm(png: &[u8]) -> String {
    format!("\u{1b}]1337;File=inline=1;size={}:{}\u{7}\n", png.len(), STANDARD.encode(png))
}

/// Half blocks: the upper half is the foreground, the lower one the background of a sign.
fn blocks(pixels: &[u8], columns: usize) -> String {
    let rows: Vec<&[u8]> = pixels.chunks(columns * 4).collect();
    let mut out = String::new();
    for pair in rows.chunks(2) {
        let [upper, lower] = pair else { break };
        for (upper, lower) in upper.chunks(4).zip(lower.chunks(4)) {
            let ([r, g, b, _], [lr, lg, lb, _]) = (upper, lower) else { break };
            out += &format!("\u{1b}[38;2;{r};{g};{b};48;2;{lr};{lg};{lb}m\u{2580}");
        }
        out += "\u{1b}[0m\n";
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_tells_how_pictures_are_shown() {
        let with = |name: &'static str, value: &'static str| {
            way(move |asked: &str| (asked == name).then(|| value.to_owned()), || false, true)
        };
        assert_eq!(with("TERM", "xterm-kitty"), Way::Kitty);
        assert_eq!(with("TERM_PROGRAM", "iTerm.app"), Way::Iterm);
        assert_eq!(with("TERM", "xterm"), Way::Blocks);
        assert_eq!(way(|_| None, || false, false), Way::Nothing);
        assert_eq!(way(|_| None, || true, false), Way::Sixel, "the terminal says so itself");
        let inside = |asked: &str| matches!(asked, "TMUX" | "KITTY_WINDOW_ID").then(|| "1".to_owned());
        assert_eq!(way(inside, || false, true), Way::Blocks, "kitty's pictures do not get through tmux");
    }

    #[test]
    fn a_picture_fits_into_the_terminal() {
        assert_eq!(fitted((720, 400), (80, 24), (8, 16)), (633, 351));
        assert_eq!(fitted((320, 200), (80, 24), (8, 16)), (320, 200));
        assert_eq!(fitted((1024, 768), (40, 60), (8, 16)), (320, 240));
        assert_eq!(fitted((0, 0), (1, 1), (1, 1)), (1, 1));
    }

    #[test]
    fn pieces_and_blocks_have_their_form() {
        let sent = kitty(&[0; 4000]);
        assert!(sent.starts_with("\u{1b}_Ga=T,f=100,m=1;") && sent.contains("\u{1b}_Gm=0;"));
        let shown = blocks(&[255, 0, 0, 255, 0, 0, 255, 255], 1);
        assert_eq!(shown, "\u{1b}[38;2;255;0;0;48;2;0;0;255m\u{2580}\u{1b}[0m\n");
    }
}
