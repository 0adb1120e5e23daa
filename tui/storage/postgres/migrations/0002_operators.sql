-- Operators' public keys, and tenants' private keys sealed for them. Applied as modeldeck_owner, in one transaction.
SET LOCAL search_path = modeldeck, pg_temp;

CREATE TABLE operator (
  login name NOT NULL DEFAULT session_user,
  key_id text NOT NULL CHECK (key_id ~ '^[0-9a-f]{8,64}$'),
  public_key text NOT NULL CHECK (length(public_key) < 5000),
  requested timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (login, key_id)
);

CREATE TABLE wrap (
  tenant text NOT NULL REFERENCES tenant,
  tenant_key text NOT NULL,
  login name NOT NULL,
  operator_key text NOT NULL,
  counter bigint NOT NULL,
  content text NOT NULL,
  added_by name NOT NULL DEFAULT session_user,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant, tenant_key, login, operator_key)
);

ALTER TABLE operator ENABLE ROW LEVEL SECURITY;
ALTER TABLE operator FORCE ROW LEVEL SECURITY;
ALTER TABLE wrap ENABLE ROW LEVEL SECURITY;
ALTER TABLE wrap FORCE ROW LEVEL SECURITY;
CREATE POLICY by_functions ON operator TO modeldeck_owner USING (true) WITH CHECK (true);
CREATE POLICY by_functions ON wrap TO modeldeck_owner USING (true) WITH CHECK (true);
CREATE POLICY of_all ON operator FOR SELECT TO modeldeck_operator USING (true);
CREATE POLICY own ON operator FOR INSERT TO modeldeck_operator WITH CHECK (login = session_user);
CREATE POLICY own ON wrap FOR SELECT TO modeldeck_operator USING (login = session_user);

-- Whoever is in the list of operators, which the tenant's private key vouches for, is handed that key.
CREATE FUNCTION add_wrap(
  tenant_id text, tenant_key_id text, new_login name, operator_key_id text, manifest_counter bigint, sealed text
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = modeldeck, pg_temp AS $$
BEGIN
  PERFORM check_member(tenant_id);
  INSERT INTO member (login, tenant) VALUES (new_login, tenant_id) ON CONFLICT DO NOTHING;
  INSERT INTO wrap (tenant, tenant_key, login, operator_key, counter, content)
    VALUES (tenant_id, tenant_key_id, new_login, operator_key_id, manifest_counter, sealed)
    ON CONFLICT (tenant, tenant_key, login, operator_key) DO UPDATE
    SET counter = excluded.counter, content = excluded.content, added_by = session_user, at = clock_timestamp();
END $$;

CREATE FUNCTION dismiss(tenant_id text, old_login name) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = modeldeck, pg_temp AS $$
BEGIN
  PERFORM check_member(tenant_id);
  DELETE FROM wrap WHERE tenant = tenant_id AND login = old_login;
  DELETE FROM member WHERE tenant = tenant_id AND login = old_login;
END $$;

CREATE FUNCTION drop_wraps(tenant_id text, present_key text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = modeldeck, pg_temp AS $$
BEGIN
  PERFORM check_member(tenant_id);
  DELETE FROM wrap WHERE tenant = tenant_id AND tenant_key <> present_key;
END $$;
