package courier

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"imapop/account/servertest/internal/daemon"
)

// environment is what couriertcpd hands to the login programs, which have no
// configuration files of their own. Later lines win.
const environment = `IMAP_CAPABILITY="IMAP4rev1 UIDPLUS CHILDREN NAMESPACE THREAD=ORDEREDSUBJECT THREAD=REFERENCES SORT QUOTA IDLE"
IMAP_CAPABILITY_TLS="IMAP4rev1 UIDPLUS CHILDREN NAMESPACE THREAD=ORDEREDSUBJECT THREAD=REFERENCES SORT QUOTA IDLE AUTH=PLAIN"
IMAP_KEYWORDS=1
IMAP_ACL=1
IMAP_IDLE_TIMEOUT=60
IMAP_MAILBOX_SANITY_CHECK=1
IMAP_USELOCKS=1
IMAP_ENHANCEDIDLE=0
IMAP_STARTTLS=YES
IMAP_TLS_REQUIRED=0
IMAP_SHAREDINDEXFILE=/etc/courier/shared/index
IMAP_TRASHFOLDERNAME=Trash
IMAP_EMPTYTRASH=
IMAP_MOVE_EXPUNGE_TO_TRASH=0
POP3AUTH=""
POP3AUTH_TLS="PLAIN LOGIN"
POP3_STARTTLS=YES
POP3_TLS_REQUIRED=0
MIME_UNICODE_MESSAGE_TYPE="message/global"
MAILDIRPATH=Maildir
COURIERTLS=/usr/bin/couriertls
TLS_CERTFILE=@DIR@/combined.pem
TLS_VERIFYPEER=NONE
TLS_CACHEFILE=
`

const authdaemonrc = `authmodulelist="authuserdb"
authmodulelistorig="authuserdb"
daemons=3
authdaemonvar=/run/courier/authdaemon
DEBUG_LOGIN=0
DEFAULTOPTIONS=""
LOGGEROPTS=""
`

// start runs in the namespace where the packages are in place. /etc/courier and
// /run/courier are compiled in, as is the name of the user that the programs
// become. The file of users is made again at every try.
const start = `mount -t tmpfs tmpfs /run
mkdir -p /run/courier/authdaemon
cp /etc/passwd /etc/group etc/
echo 'courier:x:@UID@:@GID@::/nonexistent:/usr/sbin/nologin' >>etc/passwd
echo 'courier:x:@GID@:' >>etc/group
mount -t overlay overlay -o 'lowerdir=@DIR@/etc:/etc' /etc
mount --bind etc/courier /etc/courier
secret=$(printf '%s\n%s\n' '@PASSWORD@' '@PASSWORD@' | userdbpw -md5)
cram=$(printf '%s\n%s\n' '@PASSWORD@' '@PASSWORD@' | userdbpw -hmac-md5)
printf '@USER@\tuid=@UID@|gid=@GID@|home=@HOME@|mail=@HOME@/Maildir|systempw=%s|hmac-md5pw=%s\n' "$secret" "$cram" >etc/courier/userdb
chmod 600 etc/courier/userdb
makeuserdb
/usr/lib/courier/courier-authlib/authdaemond &
until [ -S /run/courier/authdaemon/socket ]; do sleep 0.02; done
set -a
. ./environment
listen="couriertcpd -address=127.0.0.1 -maxprocs=60 -maxperip=60 -nodnslookup -noidentlookup"
imap="/usr/lib/courier/courier/imaplogin /usr/bin/imapd Maildir"
pop3="/usr/lib/courier/courier/courierpop3login /usr/lib/courier/courier/courierpop3d Maildir"
tls="/usr/bin/couriertls -server -tcpd -user=courier"
$listen @IMAP@ $imap &
IMAP_TLS=1 IMAP_STARTTLS=NO $listen @IMAPS@ $tls $imap &
$listen @POP3@ $pop3 &
POP3_TLS=1 POP3_STARTTLS=NO $listen @POP3S@ $tls $pop3 &
wait
`

// nobody is whom the mail belongs to.
func nobody() (uid, gid int, err error) {
	u, err := user.Lookup("nobody")
	if err != nil {
		return 0, 0, err
	}
	if uid, err = strconv.Atoi(u.Uid); err != nil {
		return 0, 0, err
	}
	gid, err = strconv.Atoi(u.Gid)
	return uid, gid, err
}

func own(path string) error {
	uid, gid, err := nobody()
	if err != nil {
		return err
	}
	return os.Chown(path, uid, gid)
}

// prepare makes the directories, the certificate and the first mail.
func (s *Server) prepare(o Options) (err error) {
	if err := os.Chmod(s.Dir, 0o755); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(s.Dir, "etc/courier/shared"), 0o755); err != nil {
		return err
	}
	if s.CAPool, err = daemon.WriteCertificate(s.Dir); err != nil {
		return err
	}
	for _, folder := range []string{"", ".Archive", ".Drafts", ".Sent", ".Trash"} {
		for _, d := range []string{"cur", "new", "tmp"} {
			if err := os.MkdirAll(filepath.Join(s.Maildir, folder, d), 0o755); err != nil {
				return err
			}
		}
		if folder != "" {
			if err := os.WriteFile(filepath.Join(s.Maildir, folder, "maildirfolder"), nil, 0o644); err != nil {
				return err
			}
		}
	}
	if err := s.fill(o.FillInbox); err != nil {
		return err
	}
	return filepath.WalkDir(filepath.Join(s.Dir, "mail"), func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return own(path)
	})
}

// fill writes n messages into INBOX, the way the server would have stored them.
func (s *Server) fill(n int) error {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := 1; i <= n; i++ {
		at := start.Add(time.Duration(i) * time.Second)
		stored := strings.ReplaceAll(daemon.Message(i, at), "\r\n", "\n")
		name := fmt.Sprintf("%d.M%dP1.filled,S=%d:2,", at.Unix(), i, len(stored))
		if err := os.WriteFile(filepath.Join(s.Maildir, "cur", name), []byte(stored), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) configure(o Options, ports []int) error {
	uid, gid, err := nobody()
	if err != nil {
		return err
	}
	fill := strings.NewReplacer("@DIR@", s.Dir, "@USER@", s.User, "@PASSWORD@", s.Password, "@HOME@", filepath.Dir(s.Maildir),
		"@UID@", strconv.Itoa(uid), "@GID@", strconv.Itoa(gid),
		"@IMAP@", strconv.Itoa(ports[0]), "@IMAPS@", strconv.Itoa(ports[1]),
		"@POP3@", strconv.Itoa(ports[2]), "@POP3S@", strconv.Itoa(ports[3]))
	for name, text := range map[string]string{
		"environment": environment + o.ExtraConf + "\n", "start": start, "etc/courier/authdaemonrc": authdaemonrc,
	} {
		if err := os.WriteFile(filepath.Join(s.Dir, name), []byte(fill.Replace(text)), 0o644); err != nil {
			return err
		}
	}
	return nil
}
