"""What a package implements and imports to add an adapter to Doorward from outside.

Doorward finds adapters by entry points: `doorward.storage` by the scheme of DOORWARD_DATABASE_URL, `doorward.hashers`
by the value of DOORWARD_HASHER, and `doorward.mailers` by the scheme of DOORWARD_SMTP_URL. The ports themselves are in
`doorward.application.ports`, and what they speak of is in `doorward.domain`.
"""

from doorward.infrastructure.adapters.address import Address as Address
from doorward.infrastructure.adapters.backup_adapter import BackupAdapter as BackupAdapter
from doorward.infrastructure.adapters.backup_adapter import Restored as Restored
from doorward.infrastructure.adapters.backup_adapter import RestoreRequest as RestoreRequest
from doorward.infrastructure.adapters.hasher_adapter import HasherAdapter as HasherAdapter
from doorward.infrastructure.adapters.hasher_adapter import HasherAdapterFactory as HasherAdapterFactory
from doorward.infrastructure.adapters.hasher_adapter import HasherOptions as HasherOptions
from doorward.infrastructure.adapters.mail_adapter import MailAdapter as MailAdapter
from doorward.infrastructure.adapters.mail_adapter import MailAdapterFactory as MailAdapterFactory
from doorward.infrastructure.adapters.mail_adapter import MailOptions as MailOptions
from doorward.infrastructure.adapters.storage_adapter import StorageAdapter as StorageAdapter
from doorward.infrastructure.adapters.storage_adapter import StorageAdapterFactory as StorageAdapterFactory
from doorward.infrastructure.adapters.storage_address import StorageAddress as StorageAddress
from doorward.infrastructure.finding import Finding as Finding
from doorward.infrastructure.settings.database_not_ready import DatabaseNotReady as DatabaseNotReady
from doorward.infrastructure.settings.start_refused import StartRefused as StartRefused
