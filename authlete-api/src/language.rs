//! Language tags (RFC 5646), and which text fits the languages that are preferred.

use crate::generated::types::TaggedValue;

/// A language tag and its shorter forms, the longest first (RFC 4647 3.4): `zh-Hant-TW`, `zh-Hant`, `zh`.
pub(crate) fn shortened(tag: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(tag).filter(|tag| !tag.is_empty()), |tag| {
        let (shorter, _) = tag.rsplit_once('-')?;
        match shorter.rsplit_once('-') {
            // A subtag of one letter begins an extension, and means nothing without what follows it.
            Some((rest, subtag)) if subtag.len() == 1 => Some(rest),
            _ => Some(shorter),
        }
    })
}

/// The value for the first of the preferred languages that there is one for: in that language, in its shorter forms, or else
/// in a form of it that says more, such as `pt-BR` for `pt`. Case does not matter.
pub(crate) fn best<'a>(values: &'a [TaggedValue], languages: &[String]) -> Option<&'a str> {
    let tagged = |fits: &dyn Fn(&str) -> bool| {
        let value = values.iter().find(|value| value.tag.as_deref().is_some_and(fits));
        value.and_then(|value| value.value.as_deref())
    };
    languages.iter().find_map(|language| {
        let exact = |form: &str| tagged(&|tag| tag.eq_ignore_ascii_case(form));
        let longer = |tag: &str| {
            let (start, rest) = (tag.get(..language.len()), tag.get(language.len()..));
            start.is_some_and(|start| start.eq_ignore_ascii_case(language))
                && rest.is_some_and(|rest| rest.starts_with('-'))
        };
        shortened(language).find_map(exact).or_else(|| tagged(&longer))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    // The example of RFC 4647 3.4.
    #[test]
    fn tags_are_shortened_from_their_end() {
        let all = |tag| shortened(tag).collect::<Vec<_>>();
        assert_eq!(
            all("zh-Hant-CN-x-private1-private2"),
            ["zh-Hant-CN-x-private1-private2", "zh-Hant-CN-x-private1", "zh-Hant-CN", "zh-Hant", "zh"]
        );
        assert_eq!(all("ja"), ["ja"]);
        assert_eq!(all(""), [""; 0]);
    }

    #[test]
    fn the_first_language_with_a_value_is_taken() {
        let values: Vec<_> = ["ja", "pt-BR", "en-GB", "en"]
            .map(|tag| TaggedValue {
                tag: Some(tag.to_owned()),
                value: Some(format!("in {tag}")),
                ..TaggedValue::default()
            })
            .into();
        let best = |languages: &[&str]| {
            let languages: Vec<_> = languages.iter().map(|language| (*language).to_owned()).collect();
            super::best(&values, &languages).map(str::to_owned)
        };
        assert_eq!(best(&["ja-JP", "en"]).as_deref(), Some("in ja"));
        assert_eq!(best(&["de", "EN-us"]).as_deref(), Some("in en"));
        assert_eq!(best(&["en-gb"]).as_deref(), Some("in en-GB"));
        assert_eq!(best(&["pt", "ja"]).as_deref(), Some("in pt-BR"));
        assert_eq!((best(&["p"]), best(&["de"]), best(&[])), (None, None, None));
    }
}
