package dovecot

import (
	"path/filepath"
	"strconv"
	"strings"
)

// template is for Dovecot 2.3; @NAME@ is filled in by conf.
const template = `base_dir = @DIR@/run
state_dir = @DIR@/run
log_path = @DIR@/log
instance_name = @NAME@
protocols = imap pop3 lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <@DIR@/cert.pem
ssl_key = <@DIR@/key.pem
mail_location = @LOCATION@
mail_home = @DIR@/mail/%n
mail_uid = @USER@
mail_gid = @GROUP@
first_valid_uid = 1
first_valid_gid = 0
auth_mechanisms = plain login
auth_failure_delay = 0
default_internal_user = @INTERNAL@
default_login_user = @NULL@
mailbox_list_index = yes
mail_max_userip_connections = 100
postmaster_address = postmaster@localhost
passdb {
  driver = passwd-file
  args = username_format=%n @DIR@/users
}
userdb {
  driver = static
  args = uid=@USER@ gid=@GROUP@ home=@DIR@/mail/%n
}
namespace inbox {
  inbox = yes
  separator = /
  mailbox Drafts {
    special_use = \Drafts
    auto = create
  }
  mailbox Sent {
    special_use = \Sent
    auto = create
  }
  mailbox Trash {
    special_use = \Trash
    auto = create
  }
  mailbox Archive {
    special_use = \Archive
    auto = create
  }
}
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service imap-login {
  inet_listener imap {
    port = @IMAP@
  }
  inet_listener imaps {
    port = @IMAPS@
    ssl = yes
  }
}
service pop3-login {
  inet_listener pop3 {
    port = @POP3@
  }
  inet_listener pop3s {
    port = @POP3S@
    ssl = yes
  }
}
service lmtp {
  unix_listener lmtp {
    mode = 0666
  }
}
`

// unprivileged is what a server that does not run as root needs besides.
const unprivileged = `default_internal_group = @INTERNALGROUP@
service anvil {
  chroot =
}
service imap-login {
  chroot =
}
service pop3-login {
  chroot =
}
service stats {
  chroot =
}
service auth {
  user = @USER@
}
service auth-worker {
  user = @USER@
}
service lmtp {
  user = @USER@
}
`

// tokens is the passdb for Options.JWT.
const tokens = `passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = @DIR@/oauth2.conf.ext
}
`

func (s *Server) conf(o Options, ports []int) string {
	own, err := whoOwns()
	if err != nil {
		panic(err) // prepare asked the same and was answered
	}
	location := "maildir:~/Maildir"
	if o.MailFormat != "" && o.MailFormat != "maildir" {
		location = o.MailFormat + ":~/" + o.MailFormat
	}
	text := template
	if o.JWT != "" {
		text += tokens
	}
	if !own.root {
		text += unprivileged
	}
	return strings.NewReplacer(
		"@DIR@", s.Dir, "@NAME@", filepath.Base(s.Dir), "@LOCATION@", location,
		"@USER@", own.user, "@GROUP@", own.group, "@INTERNAL@", own.internal, "@NULL@", own.null,
		"@INTERNALGROUP@", own.internalGroup,
		"@IMAP@", strconv.Itoa(ports[0]), "@IMAPS@", strconv.Itoa(ports[1]),
		"@POP3@", strconv.Itoa(ports[2]), "@POP3S@", strconv.Itoa(ports[3]),
	).Replace(text) + o.ExtraConf + "\n"
}
