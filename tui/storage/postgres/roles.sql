-- The roles. They cannot log in; a person's login is a member of one of them. Run by an administrator.
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['modeldeck_owner', 'modeldeck_operator', 'modeldeck_auditor', 'modeldeck_meter'] LOOP
    IF to_regrole(name) IS NULL THEN
      EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB', name);
    END IF;
  END LOOP;
  EXECUTE format('GRANT CREATE ON DATABASE %I TO modeldeck_owner', current_database());
END $$;
