-- What row-level security looks through, and by: see the text of the library's access/fence.rs.
--
-- A view here is read with its owner's rights, so that no policy stands behind the tables on the way from a record to
-- whose it is; each shows only the columns that lead there, of the transaction's organisation.
CREATE SCHEMA fence;

DO $$ BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA fence TO %I, %I', environment_role('app'), environment_role('reader'));
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA fence GRANT SELECT ON TABLES TO %I, %I',
        environment_role('app'), environment_role('reader'));
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA fence GRANT EXECUTE ON FUNCTIONS TO %I, %I',
        environment_role('app'), environment_role('reader'));
END $$;

-- Who acts, where, when, in which roles and how: settings of the transaction. One that was never made is NULL, one that
-- was unmade is empty; both are nobody. They are written so that the planner takes their bodies for the calls.
CREATE FUNCTION fence.person() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    RETURN NULLIF(current_setting('app.person', true), '')::uuid;
CREATE FUNCTION fence.organisation() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    RETURN NULLIF(current_setting('app.organisation', true), '')::uuid;
CREATE FUNCTION fence.now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
    RETURN NULLIF(current_setting('app.now', true), '')::timestamptz;
CREATE FUNCTION fence.acts_as(role text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
    RETURN role = ANY (string_to_array(COALESCE(current_setting('app.roles', true), ''), ','));
CREATE FUNCTION fence.does(VARIADIC actions text[]) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
    RETURN COALESCE(current_setting('app.action', true), '') = ANY (actions);
-- Whether rows are read by one of these actions, or in the course of a write.
CREATE FUNCTION fence.writes() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
    RETURN COALESCE(current_setting('app.action', true), '')
        <> ALL (ARRAY['', 'view', 'list', 'print', 'download', 'export']);
CREATE FUNCTION fence.reads(VARIADIC actions text[]) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
    RETURN COALESCE(current_setting('app.action', true), '') = ANY (actions) OR fence.writes();

CREATE VIEW fence.memberships AS
    SELECT organisation_id, person_id, place_id, role
    FROM public.memberships WHERE organisation_id = fence.organisation();
CREATE VIEW fence.places AS
    SELECT organisation_id, id, parent_id
    FROM public.places WHERE organisation_id = fence.organisation();
