"""Tests of the workspace that are about files, which run on no other engine: by module, or by name with it."""

MODULES = {
    "tests.workspace.history": "a shared store records no chats",
    "tests.workspace.transfer.test_recorded_chats": "the same",
}
"""What is about files as a whole, and why."""

NAMES = {
    "tests.tenancy.test_fingerprint_key": (
        "test_a_copy_of_the_settings_confirms_no_guessed_key",
        "test_the_next_unlock_moves_the_key_of_a_store_of_the_version_before",
    ),
    "tests.workspace.credentials.test_lifetime": (
        "test_removing_the_credential_removes_it_from_every_state",
        "test_the_date_goes_with_its_key_and_the_period_stays",
    ),
    "tests.workspace.credentials.test_rotation": (
        "test_a_locked_tenant_is_opened_first_and_nothing_changes",
        "test_confirming_forgets_the_other_key_in_every_earlier_state",
        "test_the_new_key_is_used_and_the_old_one_stays_usable",
        "test_what_is_kept_goes_with_the_credential_that_it_is_kept_for",
    ),
    "tests.workspace.credentials.test_save": (
        "test_a_kept_key_does_not_go_to_another_address",
        "test_a_key_is_verified_and_nothing_is_saved_by_it",
        "test_a_refused_key_and_a_provider_out_of_reach_are_distinguished_and_save_nothing",
        "test_a_removed_credential_is_in_no_file_afterwards",
        "test_a_saved_key_is_sealed_its_models_imported_and_no_default_set",
        "test_nothing_of_a_key_is_in_any_file_of_any_kind",
        "test_the_words_of_a_server_about_a_check_are_not_stored",
    ),
    "tests.workspace.key_pairs.test_rotation": ("test_a_lost_key_is_left_behind_only_if_it_is_lost",),
    "tests.workspace.test_audit": (
        "test_a_log_that_cannot_be_written_blocks_nothing_and_is_reported_later",
        "test_killed_at_any_step_of_a_save_the_log_is_whole_and_the_change_is_reported",
        "test_no_secret_is_in_the_log",
        "test_nothing_is_noted_of_a_tenant_that_was_removed",
    ),
    "tests.workspace.test_tenants": (
        "test_a_damaged_tenant_is_one_row_and_can_be_put_back",
        "test_a_lost_private_key_never_breaks_a_screen",
        "test_loose_modes_are_named_for_the_one_tenant_or_the_whole_folder",
        "test_two_processes_that_save_at_once_lose_nothing",
    ),
    "tests.workspace.test_trials": (
        "test_a_call_that_fails_after_its_answer_began_is_refunded",
        "test_a_clock_that_is_hours_ahead_frees_no_call_that_runs",
        "test_a_count_that_was_edited_to_a_negative_number_gives_no_request",
        "test_a_process_that_is_killed_once_its_answer_began_has_used_its_call",
        "test_a_trial_that_is_removed_is_in_no_file_and_its_counts_stay",
        "test_eight_processes_at_once_never_exceed_the_quota",
        "test_the_key_is_sealed_under_a_key_pair_of_the_operators_own",
        "test_what_a_killed_process_had_reserved_is_free_again",
    ),
    "tests.workspace.transfer.test_transfer": (
        "test_a_file_does_not_go_into_the_operators_settings",
        "test_a_file_with_secrets_holds_none_in_clear",
        "test_a_file_without_secrets_can_be_read_and_compared",
        "test_a_file_without_secrets_keeps_those_that_are_stored_and_names_those_it_lacks",
        "test_a_new_tenant_has_the_passphrase_that_was_typed",
        "test_a_plan_that_is_out_of_date_is_not_carried_out",
        "test_a_plan_writes_nothing",
        "test_a_previous_key_that_is_not_in_the_file_is_reported_without_a_command",
        "test_a_stored_key_goes_nowhere_that_a_file_says",
        "test_a_tenant_moves_with_all_that_is_its_own",
        "test_a_tenant_with_a_previous_key_is_imported_with_it",
        "test_an_import_never_fills_a_trial_again",
        "test_secrets_leave_an_open_tenant_only_and_not_without_an_entry_in_the_log",
        "test_the_same_file_again_changes_nothing",
        "test_what_another_version_knows_is_named_and_left_out",
        "test_what_the_file_has_wins_and_what_it_has_not_stays",
    ),
}
"""Tests that read the files of a session or the counts in them, damage them, or open them in a second session;
and two whose sentence is another one in a shared store, where a key that is not here can be received."""
