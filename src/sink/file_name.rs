//! Names of files that every file system takes.

use sha2::{Digest, Sha256};

use crate::manifest::hex;

/// How many bytes a name has at most: below the 255 of Linux, so that copies of editors and of Git still have room.
const LONGEST: usize = 240;

/// The path of a YAML file. Of a last part that is too long only the beginning stays, with a digest of the whole path: no two are the same.
pub(super) fn shortened(path: String) -> String {
    let at = path.rfind('/').map_or(0, |at| at + 1);
    if path.len() - at <= LONGEST {
        return path;
    }
    let end = format!("-{}.yaml", &hex(&Sha256::digest(path.as_bytes()))[..16]);
    let cut = path.floor_char_boundary(at + LONGEST - end.len());
    format!("{}{end}", &path[..cut])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_part_counts_and_only_when_it_is_too_long() {
        let fits = format!("{}/{}.yaml", "a".repeat(200), "b".repeat(LONGEST - 5));
        assert_eq!(shortened(fits.clone()), fits);
        let long = shortened(format!("c/{}.yaml", "b".repeat(LONGEST - 4)));
        assert_eq!(long.len(), "c/".len() + LONGEST);
        assert_eq!((long.starts_with("c/bbb"), long.rsplit('.').next()), (true, Some("yaml")), "{long}");
        assert_ne!(long, shortened(format!("c/{}.yaml", "b".repeat(LONGEST))));
    }

    #[test]
    fn no_character_is_cut_in_two() {
        for letters in LONGEST / 2..LONGEST {
            let long = shortened(format!("{}.yaml", "ä".repeat(letters)));
            assert_eq!((long.len() <= LONGEST, long.rsplit('.').next()), (true, Some("yaml")), "{long}");
        }
    }
}
