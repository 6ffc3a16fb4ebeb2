package cyrus

import (
	"bufio"
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// imapdConf is for Cyrus 3.6; @NAME@ is filled in by configure. The mailboxes
// come with the first login.
const imapdConf = `configdirectory: @DIR@/conf
proc_path: @DIR@/proc
mboxname_lockpath: @DIR@/lock
defaultpartition: default
partition-default: @DIR@/spool
sievedir: @DIR@/sieve
cyrus_user: nobody
servername: localhost
admins: cyradmin
altnamespace: yes
unixhierarchysep: yes
allowanonymouslogin: no
allowplaintext: no
autocreate_quota: 0
autocreate_post: yes
autocreate_inbox_folders: Drafts | Sent | Trash | Archive
autocreate_subscribe_folders: Drafts | Sent | Trash | Archive
xlist-drafts: Drafts
xlist-sent: Sent
xlist-trash: Trash
xlist-archive: Archive
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: @DIR@/sasldb2
sasl_mech_list: @MECHANISMS@
tls_server_cert: @DIR@/cert.pem
tls_server_key: @DIR@/key.pem
tls_client_ca_file: @DIR@/ca.pem
tls_session_timeout: 0
lmtpsocket: @DIR@/lmtp
idlesocket: @DIR@/idle
notifysocket: @DIR@/notify
popminpoll: 0
poptimeout: 10
failedloginpause: 0s
duplicatesuppression: no
`

const cyrusConf = `START {
  recover cmd="/usr/lib/cyrus/bin/ctl_cyrusdb -C @DIR@/imapd.conf -r"
}
DAEMON {
  idled cmd="/usr/lib/cyrus/bin/idled -C @DIR@/imapd.conf"
}
SERVICES {
  imap  cmd="/usr/lib/cyrus/bin/imapd -C @DIR@/imapd.conf" listen="127.0.0.1:@IMAP@" prefork=0 maxchild=50
  imaps cmd="/usr/lib/cyrus/bin/imapd -s -C @DIR@/imapd.conf" listen="127.0.0.1:@IMAPS@" prefork=1 maxchild=50
  pop3  cmd="/usr/lib/cyrus/bin/pop3d -C @DIR@/imapd.conf" listen="127.0.0.1:@POP3@" prefork=0 maxchild=50
  pop3s cmd="/usr/lib/cyrus/bin/pop3d -s -C @DIR@/imapd.conf" listen="127.0.0.1:@POP3S@" prefork=1 maxchild=50
  lmtp  cmd="/usr/lib/cyrus/bin/lmtpd -a -C @DIR@/imapd.conf" listen="@DIR@/lmtp" prefork=0 maxchild=10
}
EVENTS {
}
`

// start runs in the namespace where the packages are in place.
const start = `printf %s '@PASSWORD@' | saslpasswd2 -p -c -f sasldb2 -u localhost '@USER@'
chown -R nobody .
exec /usr/lib/cyrus/bin/master -D -C @DIR@/imapd.conf -M @DIR@/cyrus.conf -p @DIR@/master.pid
`

func (s *Server) configure(o Options, ports []int) error {
	if err := os.Chmod(s.Dir, 0o755); err != nil {
		return err
	}
	for _, d := range []string{"conf", "proc", "lock", "spool", "sieve", "conf/db", "conf/log", "conf/msg", "conf/socket"} {
		if err := os.MkdirAll(filepath.Join(s.Dir, d), 0o755); err != nil {
			return err
		}
	}
	fill := strings.NewReplacer("@MECHANISMS@", cmp.Or(o.Mechanisms, "PLAIN LOGIN"), "@DIR@", s.Dir, "@USER@", s.User, "@PASSWORD@", s.Password,
		"@IMAP@", strconv.Itoa(ports[0]), "@IMAPS@", strconv.Itoa(ports[1]),
		"@POP3@", strconv.Itoa(ports[2]), "@POP3S@", strconv.Itoa(ports[3]))
	for name, text := range map[string]string{"imapd.conf": imapdConf, "cyrus.conf": cyrusConf, "start": start} {
		text = fill.Replace(text)
		if name == "imapd.conf" {
			text += o.ExtraConf + "\n"
		}
		if err := os.WriteFile(filepath.Join(s.Dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// login logs in to IMAP once.
func (s *Server) login() error {
	conn, err := tls.Dial("tcp", s.IMAPS, &tls.Config{RootCAs: s.CAPool, ServerName: "localhost"})
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	fmt.Fprintf(conn, "a LOGIN %s %s\r\nb LOGOUT\r\n", s.User, s.Password)
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "a OK") {
			return nil
		}
	}
	return errors.New("the first login was not accepted")
}
