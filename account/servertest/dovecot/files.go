package dovecot

import (
	"encoding/base64"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"imapop/account/servertest/internal/daemon"
)

// owner is who the mail belongs to and whom the helper processes run as.
type owner struct {
	user, group    string // of the mail
	internal, null string // default_internal_user, default_login_user
	internalGroup  string
	uid, gid       int
	root           bool
}

func whoOwns() (owner, error) {
	if os.Getuid() != 0 {
		me, err := user.Current()
		if err != nil {
			return owner{}, err
		}
		g, err := user.LookupGroupId(me.Gid)
		if err != nil {
			return owner{}, err
		}
		return owner{user: me.Username, group: g.Name, internal: me.Username, null: me.Username, internalGroup: g.Name,
			uid: os.Getuid(), gid: os.Getgid()}, nil
	}
	u, err := user.Lookup("nobody")
	if err != nil {
		return owner{}, err
	}
	g, err := user.LookupGroupId(u.Gid)
	if err != nil {
		return owner{}, err
	}
	o := owner{user: "nobody", group: g.Name, internal: "dovecot", null: "dovenull", root: true}
	if o.uid, err = strconv.Atoi(u.Uid); err != nil {
		return owner{}, err
	}
	o.gid, err = strconv.Atoi(u.Gid)
	return o, err
}

// prepare makes the directories, the certificate and the first mail.
func (s *Server) prepare(o Options) error {
	own, err := whoOwns()
	if err != nil {
		return err
	}
	if err := os.Chmod(s.Dir, 0o755); err != nil {
		return err
	}
	for _, d := range []string{"run", "mail", filepath.Join("mail", User)} {
		if err := os.MkdirAll(filepath.Join(s.Dir, d), 0o755); err != nil {
			return err
		}
	}
	if s.CAPool, err = o.Certificate.Write(s.Dir); err != nil {
		return err
	}
	users := fmt.Sprintf("%s:{PLAIN}%s\n", User, Password)
	for user, password := range o.Users {
		users += fmt.Sprintf("%s:{PLAIN}%s\n", user, password)
	}
	if err := os.WriteFile(filepath.Join(s.Dir, "users"), []byte(users), 0o644); err != nil {
		return err
	}
	if o.JWT != "" {
		if err := s.writeKey(o.JWT); err != nil {
			return err
		}
	}
	if o.FillInbox > 0 {
		if err := s.fill(o.FillInbox); err != nil {
			return err
		}
	}
	if !own.root {
		return nil
	}
	return filepath.WalkDir(filepath.Join(s.Dir, "mail"), func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chown(path, own.uid, own.gid)
	})
}

// writeKey puts the key of tokens where Dovecot's dictionary looks for it: by
// issuer, algorithm and key id, of which such tokens have none.
func (s *Server) writeKey(key string) error {
	dir := filepath.Join(s.Dir, "oauth", "keys", "default", "HS256")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	encoded := base64.StdEncoding.EncodeToString([]byte(key))
	if err := os.WriteFile(filepath.Join(dir, "default"), []byte(encoded), 0o644); err != nil {
		return err
	}
	conf := "introspection_mode = local\nlocal_validation_key_dict = fs:posix:prefix=" + s.Dir + "/oauth/keys/\nusername_attribute = sub\n"
	return os.WriteFile(filepath.Join(s.Dir, "oauth2.conf.ext"), []byte(conf), 0o644)
}

// fill writes n messages into INBOX, the way a server would have stored them.
func (s *Server) fill(n int) error {
	for _, d := range []string{"cur", "new", "tmp"} {
		if err := os.MkdirAll(filepath.Join(s.Maildir, d), 0o700); err != nil {
			return err
		}
	}
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := 1; i <= n; i++ {
		at := start.Add(time.Duration(i) * time.Second)
		msg := Message(i, at)
		stored := strings.ReplaceAll(msg, "\r\n", "\n")
		name := fmt.Sprintf("%d.M%dP1.filled,S=%d,W=%d:2,", at.Unix(), i, len(stored), len(msg))
		if err := os.WriteFile(filepath.Join(s.Maildir, "cur", name), []byte(stored), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// Message is the i-th message of a filled INBOX, with CRLF. Its Message-ID is
// "<i@filled.example>".
func Message(i int, at time.Time) string { return daemon.Message(i, at) }
