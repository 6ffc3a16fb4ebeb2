package postfix

import (
	"os"
	"path/filepath"
	"strings"
)

const mainCF = `compatibility_level = 3.6
queue_directory = @DIR@/spool
data_directory = @DIR@/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
shlib_directory = /usr/lib/postfix
mail_owner = postfix
setgid_group = postdrop
maillog_file = @DIR@/log
maillog_file_prefixes = @DIR@
myhostname = localhost
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtpd_peername_lookup = no
biff = no
alias_maps =
alias_database =
virtual_mailbox_domains = example.org
virtual_mailbox_base = @DIR@/mail
virtual_mailbox_maps = texthash:@DIR@/people
virtual_minimum_uid = 1
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
smtpd_tls_cert_file = @DIR@/cert.pem
smtpd_tls_key_file = @DIR@/key.pem
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_local_domain = localhost
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtputf8_enable = yes
`

const masterCF = `@SUBMISSION@ inet n - n - - smtpd
  -o syslog_name=submission
  -o smtpd_tls_security_level=encrypt
@SUBMISSIONS@ inet n - n - - smtpd
  -o syslog_name=submissions
  -o smtpd_tls_wrappermode=yes
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`

// smtpdConf goes below the configuration directory, where Debian's Postfix looks for it.
const smtpdConf = `pwcheck_method: auxprop
auxprop_plugin: sasldb
sasldb_path: @DIR@/sasldb
mech_list: PLAIN LOGIN SCRAM-SHA-256
`

// start runs in the namespace where the packages are in place. The users are made
// known there only.
const start = `mkdir -p etc
cp /etc/passwd /etc/group etc/
echo 'postfix:x:@UID@:@UID@::/nonexistent:/usr/sbin/nologin' >>etc/passwd
printf 'postfix:x:@UID@:\npostdrop:x:@GID@:\n' >>etc/group
mount -t overlay overlay -o 'lowerdir=@DIR@/etc:/etc' /etc
mkdir -p spool data mail
for d in active bounce corrupt defer deferred flush hold incoming private saved trace; do
  mkdir -p spool/$d
  chown postfix spool/$d
done
mkdir -p spool/pid spool/public spool/maildrop
chown postfix:postdrop spool/public spool/maildrop
chown postfix data
chown nobody:nogroup mail
printf %s '@PASSWORD@' | saslpasswd2 -c -p -f @DIR@/sasldb -u localhost @USER@
chgrp postfix sasldb
chmod 640 sasldb
exec /usr/lib/postfix/sbin/master -c @DIR@/conf -d
`

// Identities that nobody else on a Debian machine has.
const (
	ownUID = "64951"
	ownGID = "64952"
)

func (s *Server) configure(o Options) error {
	fill := strings.NewReplacer("@DIR@", s.Dir, "@USER@", User, "@PASSWORD@", Password, "@UID@", ownUID, "@GID@", ownGID,
		"@SUBMISSION@", s.Submission, "@SUBMISSIONS@", s.Submissions)
	people := ""
	for _, a := range []string{Address, Second, Foreign} {
		people += a + " " + a + "/\n"
	}
	for name, text := range map[string]string{
		"conf/main.cf": mainCF + o.ExtraConf + "\n", "conf/master.cf": masterCF, "conf/sasl/smtpd.conf": smtpdConf, "people": people, "start": start,
	} {
		path := filepath.Join(s.Dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(fill.Replace(text)), 0o644); err != nil {
			return err
		}
	}
	return nil
}
