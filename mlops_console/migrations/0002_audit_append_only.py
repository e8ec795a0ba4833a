"""The audit trail can be added to and read; the database refuses the rest, whoever is connected."""

from django.db import migrations

# Once a statement: it is refused whole, even where no row would match.
REFUSE = """
CREATE FUNCTION console_refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is append-only: % on % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON console_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION console_refuse_audit_change();
"""
ALLOW = """
DROP TRIGGER audit_append_only ON console_auditentry;
DROP FUNCTION console_refuse_audit_change();
"""


class Migration(migrations.Migration):
    dependencies = [("console", "0001_initial")]
    operations = [migrations.RunSQL(REFUSE, ALLOW)]
