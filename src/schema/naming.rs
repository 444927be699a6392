//! Spellings: the API's camelCase, the snake_case of Python users, and near misses.

use std::borrow::Cow;

/// Names that Python users know with `_p` behind them, because the plain one is a Python builtin.
const SUFFIXED: &[&str] = &[
    "id", "type", "format", "filter", "file", "next", "object", "license", "help", "apply", "bytes", "dir", "global",
    "property", "all", "any", "hex", "open", "super",
];

/// Turns an API name into snake case (`OSTypeId` into `os_type_id`, `IPV6Address` into `ipv6_address`).
///
/// The rule is the one pyvbox made known: an underscore before a capital that starts a lower-case
/// word, and one between a small letter or digit and a capital.
pub fn snake_case(name: &str) -> Cow<'_, str> {
    if !name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Cow::Borrowed(name);
    }
    let words = split_before_words(name);
    let mut out = String::with_capacity(words.len() + 4);
    let mut before = '_';
    for letter in words.chars() {
        if letter.is_ascii_uppercase() && (before.is_ascii_lowercase() || before.is_ascii_digit()) {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
        before = letter;
    }
    Cow::Owned(out)
}

/// The first half of the rule: matches do not overlap, as in a regular expression's substitution.
fn split_before_words(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut out = String::with_capacity(name.len() + 4);
    let mut at = 0;
    while at < letters.len() {
        let starts_word = letters.get(at + 1).is_some_and(char::is_ascii_uppercase)
            && letters.get(at + 2).is_some_and(char::is_ascii_lowercase);
        out.push(letters[at]);
        at += 1;
        if starts_word {
            out.push('_');
            out.push(letters[at]);
            at += 1;
            while letters.get(at).is_some_and(char::is_ascii_lowercase) {
                out.push(letters[at]);
                at += 1;
            }
        }
    }
    out
}

/// The spelling with `_p`, for the names that have one.
pub(super) fn suffixed(snake: &str) -> Option<String> {
    SUFFIXED.contains(&snake).then(|| format!("{snake}_p"))
}

/// `did you mean `a` or `b`?`, empty for no names.
pub fn did_you_mean(near: &[&str]) -> String {
    let names: Vec<String> = near.iter().map(|name| format!("`{name}`")).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => format!("did you mean {one}?"),
        [first @ .., last] => format!("did you mean {} or {last}?", first.join(", ")),
    }
}

/// Up to three candidates nearest to a misspelt name, the nearest first.
pub fn suggest<'a>(wrong: &str, candidates: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = wrong.to_lowercase();
    let limit = (wanted.chars().count() / 3).clamp(1, 3);
    let mut near: Vec<(usize, &str)> = candidates
        .filter_map(|candidate| {
            let folded = candidate.to_lowercase();
            if folded == wanted || snake_case(candidate) == wanted {
                return Some((0, candidate));
            }
            let distance = strsim::osa_distance(&wanted, &folded);
            if distance <= limit {
                return Some((distance, candidate));
            }
            let contained = wanted.len() >= 4 && folded.contains(&wanted);
            contained.then_some((limit + 1, candidate))
        })
        .collect();
    near.sort_by_key(|(distance, candidate)| (*distance, candidate.len()));
    near.dedup();
    near.into_iter().take(3).map(|(_, candidate)| candidate).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn irregular_names_follow_the_known_rule() {
        for (camel, snake) in [
            ("findMachine", "find_machine"),
            ("OSTypeId", "os_type_id"),
            ("IPv6Enabled", "i_pv6_enabled"),
            ("IPV6Address", "ipv6_address"),
            ("advertiseDefaultIPv6RouteEnabled", "advertise_default_i_pv6_route_enabled"),
            ("keyboardLEDs", "keyboard_le_ds"),
            ("HWVirtExVPIDEnabled", "hw_virt_ex_vpid_enabled"),
            ("CPUIDPortabilityLevel", "cpuid_portability_level"),
            ("IOAPICEnabled", "ioapic_enabled"),
            ("accelerate3DEnabled", "accelerate3_d_enabled"),
            ("recommendedX2APIC", "recommended_x2_apic"),
            ("notifyHiDPIOutputPolicyChange", "notify_hi_dpi_output_policy_change"),
            ("VBoxValues", "v_box_values"),
            ("OnVBoxSVCAvailabilityChanged", "on_v_box_svc_availability_changed"),
            ("KeepAllMACs", "keep_all_ma_cs"),
            ("Am79C970A", "am79_c970_a"),
            ("EFIDUAL", "efidual"),
            ("v1_3pre", "v1_3pre"),
            ("DHCPServers", "dhcp_servers"),
            ("fsObjSetACL", "fs_obj_set_acl"),
        ] {
            assert_eq!(snake_case(camel), snake, "{camel}");
        }
    }

    #[test]
    fn candidates_read_as_a_question() {
        assert_eq!(did_you_mean(&[]), "");
        assert_eq!(did_you_mean(&["a", "b", "c"]), "did you mean `a`, `b` or `c`?");
    }

    #[test]
    fn a_near_miss_is_suggested_and_a_far_one_is_not() {
        let names = ["findMachine", "findMediumByName", "createMachine"];
        assert_eq!(suggest("findMachin", names.into_iter()), ["findMachine"]);
        assert_eq!(suggest("find_machine", names.into_iter()), ["findMachine"]);
        assert!(suggest("zzz", names.into_iter()).is_empty());
    }
}
