//! A preview is made useless for a clinic: it holds few records of each kind.

use crate::app::finish;
use crate::archives::Home;

/// HC-4: whoever writes, the database counts, and the cap goes with the setting.
#[tokio::test(flavor = "multi_thread")]
async fn hc_4_a_preview_holds_few_records_of_each_kind() {
    for home in Home::both().await {
        let with = |words: &str, most: &str| {
            let mut command = home.command(words);
            command.env("ROWS_AT_MOST", most);
            finish(command)
        };
        // The seed writes two patients.
        assert!(with("migrate", "1").0);
        let (seeded, said) = with("seed", "1");
        assert!(!seeded && said.contains("preview_is_full"), "{said}");
        let (wrong, said) = with("migrate", "none");
        assert!(!wrong && said.contains("ROWS_AT_MOST"), "{said}");
    }
    for home in Home::both().await {
        let (migrated, said) = finish(home.command("migrate"));
        assert!(migrated, "{said}");
        for most in ["2", "1"] {
            let mut command = home.command("migrate");
            command.env("ROWS_AT_MOST", most);
            assert!(finish(command).0);
        }
        home.run("migrate");
        home.run("seed");
    }
}
