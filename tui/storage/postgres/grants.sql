-- What each role may do. Applied by `store init` and `store migrate` as modeldeck_owner; may be applied again.
REVOKE ALL ON SCHEMA modeldeck FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA modeldeck FROM PUBLIC, modeldeck_operator, modeldeck_auditor, modeldeck_meter;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA modeldeck FROM PUBLIC, modeldeck_operator, modeldeck_auditor, modeldeck_meter;
GRANT USAGE ON SCHEMA modeldeck TO modeldeck_operator, modeldeck_auditor, modeldeck_meter;
GRANT SELECT ON modeldeck.meta, modeldeck.tenant, modeldeck.member
  TO modeldeck_operator, modeldeck_auditor, modeldeck_meter;
GRANT UPDATE (version, operation, size, last_used) ON modeldeck.tenant TO modeldeck_operator;
GRANT SELECT, INSERT (tenant, version, document, operation) ON modeldeck.state TO modeldeck_operator;
GRANT SELECT, INSERT (tenant, digest, content) ON modeldeck.blob TO modeldeck_operator;
GRANT SELECT, INSERT (tenant, n, hash, line) ON modeldeck.audit TO modeldeck_operator;
GRANT SELECT ON modeldeck.audit TO modeldeck_auditor;
GRANT SELECT, INSERT, UPDATE, DELETE ON modeldeck.file TO modeldeck_operator;
GRANT SELECT, INSERT (key_id, public_key) ON modeldeck.operator TO modeldeck_operator;
GRANT SELECT ON modeldeck.wrap TO modeldeck_operator;
GRANT SELECT ON modeldeck.trial TO modeldeck_operator, modeldeck_auditor, modeldeck_meter;
GRANT SELECT ON modeldeck.presence TO modeldeck_operator;
GRANT EXECUTE ON FUNCTION modeldeck.reserve_trial, modeldeck.end_trial, modeldeck.renew_trial
  TO modeldeck_operator, modeldeck_meter;
GRANT EXECUTE ON FUNCTION modeldeck.be_present TO modeldeck_operator;
GRANT EXECUTE ON FUNCTION modeldeck.save, modeldeck.create_from, modeldeck.create_tenant, modeldeck.remove_tenant, modeldeck.prune,
  modeldeck.rewrite_state, modeldeck.drop_state, modeldeck.admit_member, modeldeck.remove_member, modeldeck.members,
  modeldeck.add_wrap, modeldeck.dismiss, modeldeck.drop_wraps, modeldeck.lock_tenant
  TO modeldeck_operator;
