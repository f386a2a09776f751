"""The first tables"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
revision = '0001'
down_revision = None
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
TIME = sa.DateTime(timezone=True)

# code, name, kind, the thing for each of which the account's balance returns to zero
ACCOUNTS = [
    (1000, "Bank", "asset", None),
    (1010, "Cash in hand", "asset", None),
    (1020, "Cheques held", "asset", None),
    (1030, "Paying-in in transit", "clearing", "slip"),
    (1040, "Payments out in transit", "clearing", "disbursement"),
    (1100, "Stripe balance", "asset", None),
    (1105, "Charges and refunds in settlement", "clearing", "charge or refund"),
    (1110, "Stripe reserves", "asset", None),
    (1120, "Payouts in transit", "clearing", "payout"),
    (1130, "Disputed funds withheld", "clearing", "dispute"),
    (2010, "Unidentified receipts", "liability", "receipt"),
    (2020, "Returnable donations", "liability", "gift"),
    (2100, "Disbursements approved unpaid", "liability", "disbursement"),
    (2990, "Unclassified Stripe movements", "liability", None),
    (3000, "Opening balance", "equity", None),
    (3100, "Transfers between funds", "equity", None),
    (3900, "Currency exchange", "equity", None),
    (4000, "Donations online", "income", None),
    (4010, "Donations offline", "income", None),
    (4050, "Refunds", "income", None),
    (4060, "Chargebacks lost", "income", None),
    (4070, "Failed after recognition", "income", None),
    (5000, "Processing fees", "expense", None),
    (5010, "Dispute fees", "expense", None),
    (5020, "Stripe account fees", "expense", None),
    (5030, "FX and dispute differences", "expense", None),
    (5040, "Bank charges", "expense", None),
    (5100, "Disbursements to purpose", "expense", None),
    (5900, "Write-off", "expense", None),
]


def upgrade():
    op.create_table('account',
    sa.Column('code', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('clears_by', sa.Text(), nullable=True),
    sa.CheckConstraint("kind IN ('asset', 'liability', 'equity', 'income', 'expense', 'clearing')", name=op.f('ck_account_kind_known')),
    sa.PrimaryKeyConstraint('code', name=op.f('pk_account'))
    )
    op.create_table('appeal',
    sa.Column('id', BIG, nullable=False),
    sa.Column('slug', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('visibility', sa.Text(), nullable=False),
    sa.Column('state_before_hiding', sa.Text(), nullable=True),
    sa.Column('visibility_before_hiding', sa.Text(), nullable=True),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('goal_minor', BIG, nullable=True),
    sa.Column('period', sa.Text(), nullable=True),
    sa.Column('discreet', sa.Boolean(), nullable=False),
    sa.Column('names_on_receipt', sa.Boolean(), nullable=False),
    sa.Column('fee_bearer', sa.Text(), nullable=False),
    sa.Column('title', JSON, nullable=False),
    sa.Column('summary', JSON, nullable=False),
    sa.Column('story', JSON, nullable=False),
    sa.Column('surplus', JSON, nullable=False),
    sa.Column('outcome', JSON, nullable=False),
    sa.Column('message_prompt', JSON, nullable=False),
    sa.Column('suggested_minor', JSON, nullable=False),
    sa.Column('closed_on', sa.Date(), nullable=True),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('stripe_product_id', sa.Text(), nullable=True),
    sa.CheckConstraint("fee_bearer IN ('fund', 'general')", name=op.f('ck_appeal_fee_bearer_known')),
    sa.CheckConstraint("period IS NULL OR period IN ('month', 'quarter', 'year')", name=op.f('ck_appeal_period_known')),
    sa.CheckConstraint("state IN ('draft', 'open', 'paused', 'closed')", name=op.f('ck_appeal_state_known')),
    sa.CheckConstraint("visibility IN ('shown', 'amounts_hidden', 'holding_page', 'dark')", name=op.f('ck_appeal_visibility_known')),
    sa.CheckConstraint("state_before_hiding IN ('draft', 'open', 'paused', 'closed')", name=op.f('ck_appeal_state_before_hiding_known')),
    sa.CheckConstraint("visibility_before_hiding IN ('shown', 'amounts_hidden', 'holding_page', 'dark')", name=op.f('ck_appeal_visibility_before_hiding_known')),
    sa.CheckConstraint('goal_minor IS NULL OR goal_minor > 0', name=op.f('ck_appeal_goal_positive')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_appeal')),
    sa.UniqueConstraint('slug', name=op.f('uq_appeal_slug'))
    )
    op.create_table('entry',
    sa.Column('id', BIG, autoincrement=False, nullable=False),
    sa.Column('entry_date', sa.Date(), nullable=False),
    sa.Column('fact_date', sa.Date(), nullable=False),
    sa.Column('posted_at', TIME, nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('idem_key', sa.Text(), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('reverses', BIG, nullable=True),
    sa.Column('actor', sa.Text(), nullable=False),
    sa.Column('memo', sa.Text(), nullable=False),
    sa.Column('source_type', sa.Text(), nullable=False),
    sa.Column('source_id', BIG, nullable=False),
    sa.CheckConstraint('reverses <> id', name=op.f('ck_entry_reverses_another')),
    sa.CheckConstraint('revision > 0', name=op.f('ck_entry_revision_positive')),
    sa.ForeignKeyConstraint(['reverses'], ['entry.id'], name=op.f('fk_entry_reverses_entry')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_entry')),
    sa.UniqueConstraint('idem_key', 'revision', name=op.f('uq_entry_idem_key_revision')),
    sa.UniqueConstraint('reverses', name=op.f('uq_entry_reverses'))
    )
    op.create_index('ix_entry_entry_date', 'entry', ['entry_date'], unique=False)
    op.create_index('ix_entry_source', 'entry', ['source_type', 'source_id'], unique=False)
    op.create_table('heartbeat',
    sa.Column('worker', sa.Text(), nullable=False),
    sa.Column('at', TIME, nullable=False),
    sa.PrimaryKeyConstraint('worker', name=op.f('pk_heartbeat'))
    )
    op.create_table('job',
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('due_at', TIME, nullable=False),
    sa.Column('leased_until', TIME, nullable=True),
    sa.Column('last_run_at', TIME, nullable=True),
    sa.Column('last_error', sa.Text(), nullable=True),
    sa.Column('memory', JSON, nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_job'))
    )
    op.create_table('organisation',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('languages', JSON, nullable=False),
    sa.Column('timezone', sa.Text(), nullable=False),
    sa.Column('settlement_currencies', JSON, nullable=False),
    sa.Column('offered_currencies', JSON, nullable=False),
    sa.Column('statement_descriptor', sa.Text(), nullable=False),
    sa.Column('contact_email', sa.Text(), nullable=True),
    sa.Column('legal_name', sa.Text(), nullable=True),
    sa.Column('about', JSON, nullable=False),
    sa.Column('bank_details', JSON, nullable=False),
    sa.CheckConstraint('id = 1', name=op.f('ck_organisation_only_one')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_organisation'))
    )
    op.create_table('period',
    sa.Column('id', BIG, nullable=False),
    sa.Column('starts_on', sa.Date(), nullable=False),
    sa.Column('ends_on', sa.Date(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.CheckConstraint("state IN ('open', 'closed')", name=op.f('ck_period_state_known')),
    sa.CheckConstraint('ends_on >= starts_on', name=op.f('ck_period_ends_after_start')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_period')),
    sa.UniqueConstraint('starts_on', name=op.f('uq_period_starts_on'))
    )
    op.create_table('receipt_series',
    sa.Column('id', BIG, nullable=False),
    sa.Column('prefix', sa.Text(), nullable=False),
    sa.Column('next_number', sa.Integer(), nullable=False),
    sa.CheckConstraint('next_number > 0', name=op.f('ck_receipt_series_next_number_positive')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_receipt_series')),
    sa.UniqueConstraint('prefix', name=op.f('uq_receipt_series_prefix'))
    )
    op.create_table('stripe_event',
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('type', sa.Text(), nullable=False),
    sa.Column('api_version', sa.Text(), nullable=True),
    sa.Column('created_at', TIME, nullable=False),
    sa.Column('received_at', TIME, nullable=False),
    sa.Column('payload_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('payload_until', sa.Date(), nullable=True),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('next_attempt_at', TIME, nullable=True),
    sa.Column('leased_until', TIME, nullable=True),
    sa.Column('last_error', sa.Text(), nullable=True),
    sa.Column('handled_at', TIME, nullable=True),
    sa.CheckConstraint("state IN ('handled', 'ignored', 'due', 'parked')", name=op.f('ck_stripe_event_state_known')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_stripe_event'))
    )
    op.create_index('ix_stripe_event_payload_until', 'stripe_event', ['payload_until'], unique=False)
    op.create_index('ix_stripe_event_queue', 'stripe_event', ['state', 'next_attempt_at'], unique=False)
    op.create_table('appeal_event',
    sa.Column('id', BIG, nullable=False),
    sa.Column('appeal_id', BIG, nullable=False),
    sa.Column('on', sa.Date(), nullable=False),
    sa.Column('month_only', sa.Boolean(), nullable=False),
    sa.Column('text', JSON, nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['appeal_id'], ['appeal.id'], name=op.f('fk_appeal_event_appeal_id_appeal')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_appeal_event'))
    )
    op.create_index(op.f('ix_appeal_event_appeal_id'), 'appeal_event', ['appeal_id'], unique=False)
    op.create_table('appeal_total',
    sa.Column('appeal_id', BIG, nullable=False),
    sa.Column('period_start', sa.Date(), nullable=False),
    sa.Column('donations', BIG, nullable=False),
    sa.Column('version', BIG, nullable=False),
    sa.Column('as_of', TIME, nullable=False),
    sa.ForeignKeyConstraint(['appeal_id'], ['appeal.id'], name=op.f('fk_appeal_total_appeal_id_appeal')),
    sa.PrimaryKeyConstraint('appeal_id', 'period_start', name=op.f('pk_appeal_total'))
    )
    op.create_table('area',
    sa.Column('id', BIG, nullable=False),
    sa.Column('appeal_id', BIG, nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('target_minor', BIG, nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.CheckConstraint('target_minor > 0', name=op.f('ck_area_target_positive')),
    sa.ForeignKeyConstraint(['appeal_id'], ['appeal.id'], name=op.f('fk_area_appeal_id_appeal')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_area')),
    sa.UniqueConstraint('appeal_id', 'name', name=op.f('uq_area_appeal_id_name'))
    )
    op.create_index(op.f('ix_area_appeal_id'), 'area', ['appeal_id'], unique=False)
    op.create_table('donation',
    sa.Column('id', BIG, nullable=False),
    sa.Column('reference', sa.Text(), nullable=False),
    sa.Column('appeal_id', BIG, nullable=False),
    sa.Column('form_key', sa.Text(), nullable=True),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('amount_minor', BIG, nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('interval', sa.Text(), nullable=False),
    sa.Column('language', sa.Text(), nullable=False),
    sa.Column('display', sa.Text(), nullable=False),
    sa.Column('fee_bearer', sa.Text(), nullable=False),
    sa.Column('terms', JSON, nullable=False),
    sa.Column('donor_id', sa.Text(), nullable=False),
    sa.Column('name_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('email_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('email_hash', sa.LargeBinary(), nullable=True),
    sa.Column('message_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('personal_until', sa.Date(), nullable=False),
    sa.Column('counted_in', sa.Date(), nullable=True),
    sa.Column('created_at', TIME, nullable=False),
    sa.Column('settled_at', TIME, nullable=True),
    sa.CheckConstraint("display IN ('secret', 'initials', 'name')", name=op.f('ck_donation_display_known')),
    sa.CheckConstraint("fee_bearer IN ('fund', 'general')", name=op.f('ck_donation_fee_bearer_known')),
    sa.CheckConstraint("interval IN ('once', 'month')", name=op.f('ck_donation_interval_known')),
    sa.CheckConstraint("source IN ('card', 'bank', 'cash', 'cheque', 'standing_order', 'other')", name=op.f('ck_donation_source_known')),
    sa.CheckConstraint("state IN ('pending', 'processing', 'paid', 'part_refunded', 'refunded', 'disputed', 'lost', 'failed', 'abandoned')", name=op.f('ck_donation_state_known')),
    sa.CheckConstraint('amount_minor > 0', name=op.f('ck_donation_amount_positive')),
    sa.ForeignKeyConstraint(['appeal_id'], ['appeal.id'], name=op.f('fk_donation_appeal_id_appeal')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_donation')),
    sa.UniqueConstraint('form_key', name=op.f('uq_donation_form_key')),
    sa.UniqueConstraint('reference', name=op.f('uq_donation_reference'))
    )
    op.create_index(op.f('ix_donation_appeal_id'), 'donation', ['appeal_id'], unique=False)
    op.create_index(op.f('ix_donation_email_hash'), 'donation', ['email_hash'], unique=False)
    op.create_index('ix_donation_personal_until', 'donation', ['personal_until'], unique=False)
    op.create_index('ix_donation_unsettled', 'donation', ['state', 'created_at'], unique=False)
    op.create_table('fund',
    sa.Column('id', BIG, nullable=False),
    sa.Column('appeal_id', BIG, nullable=True),
    sa.Column('slug', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('name', JSON, nullable=False),
    sa.Column('share', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.CheckConstraint("appeal_id IS NOT NULL OR kind IN ('general', 'suspense')", name=op.f('ck_fund_has_an_appeal')),
    sa.CheckConstraint("kind IN ('detainee', 'family', 'campaign', 'general', 'suspense')", name=op.f('ck_fund_kind_known')),
    sa.CheckConstraint('share >= 0', name=op.f('ck_fund_share_not_negative')),
    sa.ForeignKeyConstraint(['appeal_id'], ['appeal.id'], name=op.f('fk_fund_appeal_id_appeal')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_fund')),
    sa.UniqueConstraint('slug', name=op.f('uq_fund_slug'))
    )
    op.create_index(op.f('ix_fund_appeal_id'), 'fund', ['appeal_id'], unique=False)
    op.create_index('uq_fund_general', 'fund', ['kind'], unique=True, sqlite_where=sa.text("kind = 'general'"), postgresql_where=sa.text("kind = 'general'"))
    op.create_index('uq_fund_suspense', 'fund', ['kind'], unique=True, sqlite_where=sa.text("kind = 'suspense'"), postgresql_where=sa.text("kind = 'suspense'"))
    op.create_table('published_total',
    sa.Column('appeal_id', BIG, nullable=False),
    sa.Column('figures', JSON, nullable=False),
    sa.Column('version', BIG, nullable=False),
    sa.Column('as_of', TIME, nullable=False),
    sa.ForeignKeyConstraint(['appeal_id'], ['appeal.id'], name=op.f('fk_published_total_appeal_id_appeal')),
    sa.PrimaryKeyConstraint('appeal_id', name=op.f('pk_published_total'))
    )
    op.create_table('allocation',
    sa.Column('donation_id', BIG, nullable=False),
    sa.Column('fund_id', BIG, nullable=False),
    sa.Column('amount_minor', BIG, nullable=False),
    sa.CheckConstraint('amount_minor > 0', name=op.f('ck_allocation_amount_positive')),
    sa.ForeignKeyConstraint(['donation_id'], ['donation.id'], name=op.f('fk_allocation_donation_id_donation')),
    sa.ForeignKeyConstraint(['fund_id'], ['fund.id'], name=op.f('fk_allocation_fund_id_fund')),
    sa.PrimaryKeyConstraint('donation_id', 'fund_id', name=op.f('pk_allocation'))
    )
    op.create_table('checkout_attempt',
    sa.Column('id', BIG, nullable=False),
    sa.Column('donation_id', BIG, nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('idempotency_key', sa.Text(), nullable=False),
    sa.Column('session_id', sa.Text(), nullable=True),
    sa.Column('url', sa.Text(), nullable=True),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('params', JSON, nullable=False),
    sa.Column('created_at', TIME, nullable=False),
    sa.Column('expires_at', TIME, nullable=False),
    sa.Column('look_at', TIME, nullable=True),
    sa.CheckConstraint("state IN ('starting', 'open', 'complete', 'expired')", name=op.f('ck_checkout_attempt_state_known')),
    sa.ForeignKeyConstraint(['donation_id'], ['donation.id'], name=op.f('fk_checkout_attempt_donation_id_donation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_checkout_attempt')),
    sa.UniqueConstraint('donation_id', 'number', name=op.f('uq_checkout_attempt_donation_id_number')),
    sa.UniqueConstraint('idempotency_key', name=op.f('uq_checkout_attempt_idempotency_key')),
    sa.UniqueConstraint('session_id', name=op.f('uq_checkout_attempt_session_id'))
    )
    op.create_index('ix_checkout_attempt_look_at', 'checkout_attempt', ['look_at'], unique=False)
    op.create_table('fund_total',
    sa.Column('fund_id', BIG, nullable=False),
    sa.Column('period_start', sa.Date(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('raised_minor', BIG, nullable=False),
    sa.ForeignKeyConstraint(['fund_id'], ['fund.id'], name=op.f('fk_fund_total_fund_id_fund')),
    sa.PrimaryKeyConstraint('fund_id', 'period_start', 'currency', name=op.f('pk_fund_total'))
    )
    op.create_table('payment',
    sa.Column('id', BIG, nullable=False),
    sa.Column('charge_id', sa.Text(), nullable=False),
    sa.Column('intent_id', sa.Text(), nullable=True),
    sa.Column('donation_id', BIG, nullable=True),
    sa.Column('reference', sa.Text(), nullable=True),
    sa.Column('amount_minor', BIG, nullable=True),
    sa.Column('currency', sa.Text(), nullable=True),
    sa.Column('method', sa.Text(), nullable=True),
    sa.Column('charged_at', TIME, nullable=True),
    sa.Column('succeeded_at', TIME, nullable=True),
    sa.Column('failed_at', TIME, nullable=True),
    sa.Column('failure_code', sa.Text(), nullable=True),
    sa.Column('balance_transaction_id', sa.Text(), nullable=True),
    sa.Column('first_seen_at', TIME, nullable=False),
    sa.CheckConstraint('amount_minor IS NULL OR amount_minor > 0', name=op.f('ck_payment_amount_positive')),
    sa.ForeignKeyConstraint(['donation_id'], ['donation.id'], name=op.f('fk_payment_donation_id_donation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_payment')),
    sa.UniqueConstraint('charge_id', name=op.f('uq_payment_charge_id'))
    )
    op.create_index(op.f('ix_payment_donation_id'), 'payment', ['donation_id'], unique=False)
    op.create_index(op.f('ix_payment_intent_id'), 'payment', ['intent_id'], unique=False)
    op.create_table('posting',
    sa.Column('entry_id', BIG, autoincrement=False, nullable=False),
    sa.Column('line', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('account', sa.Integer(), nullable=False),
    sa.Column('fund_id', BIG, nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('amount_minor', BIG, nullable=False),
    sa.Column('clear_ref', sa.Text(), nullable=True),
    sa.CheckConstraint('amount_minor <> 0', name=op.f('ck_posting_amount_not_zero')),
    sa.ForeignKeyConstraint(['account'], ['account.code'], name=op.f('fk_posting_account_account')),
    sa.ForeignKeyConstraint(['entry_id'], ['entry.id'], name=op.f('fk_posting_entry_id_entry'), initially='DEFERRED', deferrable=True),
    sa.ForeignKeyConstraint(['fund_id'], ['fund.id'], name=op.f('fk_posting_fund_id_fund')),
    sa.PrimaryKeyConstraint('entry_id', 'line', name=op.f('pk_posting'))
    )
    op.create_index('ix_posting_cleared', 'posting', ['account', 'clear_ref'], unique=False)
    op.create_index('ix_posting_fund_account', 'posting', ['fund_id', 'account', 'currency'], unique=False)
    op.create_table('receipt',
    sa.Column('id', BIG, autoincrement=False, nullable=False),
    sa.Column('series_id', BIG, nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('label', sa.Text(), nullable=False),
    sa.Column('donation_id', BIG, nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('amount_minor', BIG, nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('payload', sa.Text(), nullable=False),
    sa.Column('payload_sha256', sa.Text(), nullable=False),
    sa.Column('person_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('replaces', BIG, nullable=True),
    sa.Column('issued_at', TIME, nullable=False),
    sa.CheckConstraint("state IN ('live', 'replaced', 'void')", name=op.f('ck_receipt_state_known')),
    sa.CheckConstraint('amount_minor > 0', name=op.f('ck_receipt_amount_positive')),
    sa.ForeignKeyConstraint(['donation_id'], ['donation.id'], name=op.f('fk_receipt_donation_id_donation')),
    sa.ForeignKeyConstraint(['replaces'], ['receipt.id'], name=op.f('fk_receipt_replaces_receipt')),
    sa.ForeignKeyConstraint(['series_id'], ['receipt_series.id'], name=op.f('fk_receipt_series_id_receipt_series')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_receipt')),
    sa.UniqueConstraint('label', name=op.f('uq_receipt_label')),
    sa.UniqueConstraint('series_id', 'number', name=op.f('uq_receipt_series_id_number'))
    )
    op.create_index('ix_receipt_donation_id', 'receipt', ['donation_id'], unique=False)
    op.create_index('uq_receipt_live', 'receipt', ['donation_id'], unique=True, sqlite_where=sa.text("state = 'live'"), postgresql_where=sa.text("state = 'live'"))
    op.create_table('balance_transaction',
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('number', BIG, nullable=False),
    sa.Column('payment_id', BIG, nullable=True),
    sa.Column('source_id', sa.Text(), nullable=True),
    sa.Column('type', sa.Text(), nullable=False),
    sa.Column('reporting_category', sa.Text(), nullable=False),
    sa.Column('balance_type', sa.Text(), nullable=True),
    sa.Column('amount_minor', BIG, nullable=False),
    sa.Column('fee_minor', BIG, nullable=False),
    sa.Column('net_minor', BIG, nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('exchange_rate', sa.Text(), nullable=True),
    sa.Column('created_at', TIME, nullable=False),
    sa.Column('available_on', sa.Date(), nullable=False),
    sa.Column('description', sa.Text(), nullable=True),
    sa.CheckConstraint('net_minor = amount_minor - fee_minor', name=op.f('ck_balance_transaction_net_is_amount_less_fee')),
    sa.ForeignKeyConstraint(['payment_id'], ['payment.id'], name=op.f('fk_balance_transaction_payment_id_payment')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_balance_transaction')),
    sa.UniqueConstraint('number', name=op.f('uq_balance_transaction_number'))
    )
    op.create_index(op.f('ix_balance_transaction_payment_id'), 'balance_transaction', ['payment_id'], unique=False)
    op.create_index(op.f('ix_balance_transaction_source_id'), 'balance_transaction', ['source_id'], unique=False)
    op.create_table('mail',
    sa.Column('id', BIG, autoincrement=False, nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('dedupe_key', sa.Text(), nullable=False),
    sa.Column('recipient_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('language', sa.Text(), nullable=False),
    sa.Column('receipt_id', BIG, nullable=True),
    sa.Column('facts', JSON, nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('next_attempt_at', TIME, nullable=True),
    sa.Column('leased_until', TIME, nullable=True),
    sa.Column('last_error', sa.Text(), nullable=True),
    sa.Column('created_at', TIME, nullable=False),
    sa.Column('sent_at', TIME, nullable=True),
    sa.CheckConstraint("state IN ('due', 'sent', 'parked')", name=op.f('ck_mail_state_known')),
    sa.ForeignKeyConstraint(['receipt_id'], ['receipt.id'], name=op.f('fk_mail_receipt_id_receipt')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mail')),
    sa.UniqueConstraint('dedupe_key', name=op.f('uq_mail_dedupe_key'))
    )
    op.create_index('ix_mail_queue', 'mail', ['state', 'next_attempt_at'], unique=False)
    op.create_table('receipt_event',
    sa.Column('id', BIG, autoincrement=False, nullable=False),
    sa.Column('receipt_id', BIG, nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('actor', sa.Text(), nullable=False),
    sa.Column('at', TIME, nullable=False),
    sa.CheckConstraint("kind IN ('voided', 'replaced')", name=op.f('ck_receipt_event_kind_known')),
    sa.ForeignKeyConstraint(['receipt_id'], ['receipt.id'], name=op.f('fk_receipt_event_receipt_id_receipt')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_receipt_event'))
    )
    op.create_index(op.f('ix_receipt_event_receipt_id'), 'receipt_event', ['receipt_id'], unique=False)
    op.bulk_insert(
        sa.table("account", *(sa.column(name) for name in ("code", "name", "kind", "clears_by"))),
        [dict(zip(("code", "name", "kind", "clears_by"), row, strict=True)) for row in ACCOUNTS],
    )
    # The system's own fund, for money whose purpose is not known yet.
    op.execute(
        "INSERT INTO fund (slug, kind, name, share, position)"
        """ VALUES ('suspense', 'suspense', '{"en": "Not yet assigned", "ru": "Ещё не распределено"}', 0, 0)"""
    )
    op.execute("INSERT INTO receipt_series (prefix, next_number) VALUES ('R', 1)")


def downgrade():
    raise NotImplementedError("The books are never taken apart: restore a backup instead.")
