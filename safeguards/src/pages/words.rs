//! Every sentence that a page says by itself stands here, so that another language is one more
//! constant and never a hunt through the components. Names of fields, roles and states come from
//! the app's own spec and are not here.
//!
//! A sentence may hold places, `{0}` and `{1}`, which [`fill`] sets.

/// The texts of one language.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    /// BCP 47 language tag, for the `lang` attribute.
    pub language: &'static str,
    /// Writing direction: `ltr` or `rtl`, for the `dir` attribute.
    pub direction: &'static str,
    pub(crate) months: [&'static str; 12],
    pub(crate) months_short: [&'static str; 12],
    pub(crate) weekdays: [&'static str; 7],
    pub(crate) yes: &'static str,
    pub(crate) no: &'static str,
    pub(crate) not_recorded: &'static str,
    pub(crate) hidden_from_you: &'static str,
    pub(crate) skip_to_content: &'static str,
    pub(crate) something_new: &'static str,
    pub(crate) may_be_out_of_date: &'static str,
    pub(crate) new_messages_are_shown: &'static str,
    pub(crate) show_it: &'static str,
    pub(crate) menu: &'static str,
    pub(crate) main_navigation: &'static str,
    pub(crate) legal: &'static str,
    pub(crate) tabs: &'static str,
    pub(crate) account: &'static str,
    pub(crate) sign_in: &'static str,
    pub(crate) sign_out: &'static str,
    pub(crate) signed_in_as: &'static str,
    pub(crate) emergency: &'static str,
    pub(crate) looks_as: &'static str,
    pub(crate) glass_is_broken: &'static str,
    pub(crate) looks_because: &'static str,
    pub(crate) stop_looking: &'static str,
    pub(crate) back_to: &'static str,
    pub(crate) back: &'static str,
    pub(crate) actions: &'static str,
    pub(crate) error_prefix: &'static str,
    pub(crate) there_is_a_problem: &'static str,
    pub(crate) optional: &'static str,
    pub(crate) choose: &'static str,
    pub(crate) day: &'static str,
    pub(crate) month: &'static str,
    pub(crate) year: &'static str,
    pub(crate) time: &'static str,
    pub(crate) date_hint: &'static str,
    pub(crate) time_hint: &'static str,
    pub(crate) list_hint: &'static str,
    pub(crate) add_another: &'static str,
    pub(crate) remove_item: &'static str,
    pub(crate) number_of_item: &'static str,
    pub(crate) save: &'static str,
    pub(crate) cancel: &'static str,
    pub(crate) file_hint: &'static str,
    pub(crate) send_file: &'static str,
    pub(crate) continue_on: &'static str,
    pub(crate) question_of: &'static str,
    pub(crate) check_answers: &'static str,
    pub(crate) check_before_sending: &'static str,
    pub(crate) change: &'static str,
    pub(crate) send: &'static str,
    pub(crate) need: &'static str,
    pub(crate) need_choice: &'static str,
    pub(crate) need_yes_no: &'static str,
    pub(crate) your_answer: &'static str,
    pub(crate) need_flag: &'static str,
    pub(crate) too_long: &'static str,
    pub(crate) not_whole_number: &'static str,
    pub(crate) not_number: &'static str,
    pub(crate) too_small: &'static str,
    pub(crate) too_large: &'static str,
    pub(crate) out_of_range: &'static str,
    pub(crate) too_precise: &'static str,
    pub(crate) not_date: &'static str,
    pub(crate) date_lacks: &'static str,
    pub(crate) year_needs_four: &'static str,
    pub(crate) too_early: &'static str,
    pub(crate) too_late: &'static str,
    pub(crate) not_time: &'static str,
    pub(crate) not_in_zone: &'static str,
    pub(crate) not_listed: &'static str,
    pub(crate) not_email: &'static str,
    pub(crate) not_phone: &'static str,
    pub(crate) not_record: &'static str,
    pub(crate) too_few: &'static str,
    pub(crate) too_many: &'static str,
    pub(crate) sorted_up: &'static str,
    pub(crate) sorted_down: &'static str,
    pub(crate) sort_by: &'static str,
    pub(crate) filter: &'static str,
    pub(crate) filters: &'static str,
    pub(crate) more_filters: &'static str,
    pub(crate) find: &'static str,
    pub(crate) clear_filters: &'static str,
    pub(crate) private_search: &'static str,
    pub(crate) pages: &'static str,
    pub(crate) previous: &'static str,
    pub(crate) next: &'static str,
    pub(crate) page_of: &'static str,
    pub(crate) showing: &'static str,
    pub(crate) nothing_found: &'static str,
    pub(crate) nothing_found_hint: &'static str,
    pub(crate) too_many_to_search: &'static str,
    pub(crate) too_many_to_search_hint: &'static str,
    pub(crate) locked: &'static str,
    pub(crate) created: &'static str,
    pub(crate) last_changed: &'static str,
    pub(crate) by_at: &'static str,
    pub(crate) important: &'static str,
    pub(crate) success: &'static str,
    pub(crate) warning: &'static str,
    pub(crate) information: &'static str,
    pub(crate) patient: &'static str,
    pub(crate) born: &'static str,
    pub(crate) years_old: &'static str,
    pub(crate) months_old: &'static str,
    pub(crate) days_old: &'static str,
    pub(crate) sex: &'static str,
    pub(crate) allergies: &'static str,
    pub(crate) no_known_allergies: &'static str,
    pub(crate) allergies_not_recorded: &'static str,
    pub(crate) good_morning: &'static str,
    pub(crate) good_afternoon: &'static str,
    pub(crate) good_evening: &'static str,
    pub(crate) next_step: &'static str,
    pub(crate) tasks_done: &'static str,
    pub(crate) due: &'static str,
    pub(crate) overdue: &'static str,
    pub(crate) book: &'static str,
    pub(crate) book_at: &'static str,
    pub(crate) busy: &'static str,
    pub(crate) free: &'static str,
    pub(crate) conflict: &'static str,
    pub(crate) conflict_notice: &'static str,
    pub(crate) previous_day: &'static str,
    pub(crate) next_day: &'static str,
    pub(crate) previous_week: &'static str,
    pub(crate) next_week: &'static str,
    pub(crate) day_view: &'static str,
    pub(crate) week_view: &'static str,
    pub(crate) today: &'static str,
    pub(crate) no_bookings: &'static str,
    pub(crate) chart_table: &'static str,
    pub(crate) band: &'static str,
    pub(crate) above_band: &'static str,
    pub(crate) below_band: &'static str,
    pub(crate) no_values: &'static str,
    pub(crate) fewer_than: &'static str,
    pub(crate) fewer_than_reason: &'static str,
    pub(crate) danger_type: &'static str,
    pub(crate) danger_mismatch: &'static str,
    pub(crate) email: &'static str,
    pub(crate) password: &'static str,
    pub(crate) show_password: &'static str,
    pub(crate) forgotten: &'static str,
    pub(crate) sign_in_with: &'static str,
    pub(crate) or: &'static str,
    pub(crate) code_title: &'static str,
    pub(crate) code_label: &'static str,
    pub(crate) code_hint: &'static str,
    pub(crate) code_sent_hint: &'static str,
    pub(crate) use_recovery_code: &'static str,
    pub(crate) recovery_code_label: &'static str,
    pub(crate) recovery_code_hint: &'static str,
    pub(crate) enrol_why: &'static str,
    pub(crate) enrol_scan: &'static str,
    pub(crate) enrol_qr_title: &'static str,
    pub(crate) enrol_type: &'static str,
    pub(crate) enrol_confirm: &'static str,
    pub(crate) recovery_why: &'static str,
    pub(crate) recovery_warning: &'static str,
    pub(crate) recovery_saved: &'static str,
    pub(crate) copy: &'static str,
    pub(crate) copied: &'static str,
    pub(crate) print: &'static str,
    pub(crate) devices_title: &'static str,
    pub(crate) devices_why: &'static str,
    pub(crate) this_device: &'static str,
    pub(crate) last_seen: &'static str,
    pub(crate) signed_in_at: &'static str,
    pub(crate) address: &'static str,
    pub(crate) sign_out_device: &'static str,
    pub(crate) sign_out_others: &'static str,
    pub(crate) name: &'static str,
    pub(crate) organisation: &'static str,
    pub(crate) roles: &'static str,
    pub(crate) second_factor: &'static str,
    pub(crate) second_factor_on: &'static str,
    pub(crate) second_factor_off: &'static str,
    pub(crate) recovery_left: &'static str,
    pub(crate) change_password: &'static str,
    pub(crate) set_up: &'static str,
    pub(crate) new_recovery_codes: &'static str,
    pub(crate) who_looked_title: &'static str,
    pub(crate) who_looked_why: &'static str,
    pub(crate) when: &'static str,
    pub(crate) who: &'static str,
    pub(crate) role: &'static str,
    pub(crate) did: &'static str,
    pub(crate) what: &'static str,
    pub(crate) why: &'static str,
    pub(crate) outcome: &'static str,
    pub(crate) nobody_looked: &'static str,
    pub(crate) nobody_looked_hint: &'static str,
    pub(crate) compliance_why: &'static str,
    pub(crate) in_force: &'static str,
    pub(crate) needs_attention: &'static str,
    pub(crate) missing: &'static str,
    pub(crate) source: &'static str,
    pub(crate) reference: &'static str,
    pub(crate) problems: [(u16, &'static str, &'static str); 13],
    pub(crate) problem_other: (&'static str, &'static str),
    pub(crate) problem_read_only: (&'static str, &'static str),
    pub(crate) go_home: &'static str,
}

impl Words {
    /// The same texts under another language tag and direction: for a language whose texts are not
    /// written yet, and to look at pages from the other side.
    #[must_use]
    pub const fn written(mut self, language: &'static str, direction: &'static str) -> Self {
        self.language = language;
        self.direction = direction;
        self
    }

    /// The title and the way on, for a response status.
    pub(crate) fn problem(&self, status: u16) -> (&'static str, &'static str) {
        self.problems
            .iter()
            .find(|(known, ..)| *known == status)
            .map_or(self.problem_other, |(_, title, way_on)| (*title, *way_on))
    }
}

/// Sets the places `{0}`, `{1}` … of a sentence.
pub(crate) fn fill(sentence: &str, places: &[&str]) -> String {
    let mut filled = String::with_capacity(sentence.len() + 32);
    let mut rest = sentence;
    while let Some(start) = rest.find('{') {
        filled.push_str(&rest[..start]);
        let after = &rest[start + 1..];
        let place = after.find('}').and_then(|end| {
            let index: usize = after[..end].parse().ok()?;
            Some((places.get(index)?, end))
        });
        if let Some((text, end)) = place {
            filled.push_str(text);
            rest = &after[end + 1..];
        } else {
            filled.push('{');
            rest = after;
        }
    }
    filled.push_str(rest);
    filled
}

/// A label inside a sentence: "Full name" becomes "full name", "MRN" stays.
pub(crate) fn within(label: &str) -> String {
    let mut letters = label.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if first.is_uppercase() && second.is_lowercase() => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => label.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_set_once_and_never_read_again() {
        assert_eq!(fill("Enter {0}", &["{1}"]), "Enter {1}");
        assert_eq!(fill("{0} to {1} {x} {", &["1", "2"]), "1 to 2 {x} {");
    }

    #[test]
    fn a_label_keeps_its_abbreviations_inside_a_sentence() {
        assert_eq!(within("Full name"), "full name");
        assert_eq!(within("MRN"), "MRN");
        assert_eq!(within("Ärztin"), "ärztin");
        assert_eq!(within("X"), "X");
    }
}
