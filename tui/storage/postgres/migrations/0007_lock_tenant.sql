-- What a save reads under the lock of its tenant, in one statement. Applied as modeldeck_owner, in one transaction.
SET LOCAL search_path = modeldeck, pg_temp;

-- The tenant's row, its settings unless they are those of the known operation, and the last entries of its audit log,
-- newest first. The statements after the lock see what was saved before it was given. No row: there is no such tenant.
CREATE FUNCTION lock_tenant(tenant_id text, wait text, known uuid, entries integer)
RETURNS TABLE (
  number bigint, version bigint, operation text, size integer, last_used text, document bytea, lines bytea[]
) LANGUAGE plpgsql SET search_path = modeldeck, pg_temp AS $$
BEGIN
  PERFORM set_config('lock_timeout', wait, true), set_config('idle_in_transaction_session_timeout', '30s', true);
  SELECT t.number, t.version, coalesce(t.operation::text, ''), t.size, t.last_used
    INTO number, version, operation, size, last_used
    FROM tenant t WHERE t.id = tenant_id AND NOT t.removed FOR UPDATE;
  IF FOUND THEN
    SELECT s.document INTO document FROM state s
      WHERE s.tenant = tenant_id AND s.version = lock_tenant.version AND s.operation <> known;
    lines := ARRAY(SELECT a.line FROM audit a WHERE a.tenant = tenant_id ORDER BY a.n DESC LIMIT entries);
    RETURN NEXT;
  END IF;
END $$;
