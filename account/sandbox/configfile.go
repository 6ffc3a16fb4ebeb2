package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"imapop/account"
)

// writeFiles puts ca.pem and config.toml into dir, or into a directory of its
// own that Close removes.
func (s *Server) writeFiles(dir string) error {
	var err error
	if dir == "" {
		if dir, err = os.MkdirTemp("", "imapop-sandbox-"); err != nil {
			return err
		}
		s.tempDir = dir
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	s.info.User, s.info.Password = s.user, s.password
	s.info.CAFile = filepath.Join(dir, "ca.pem")
	s.info.Config = filepath.Join(dir, "config.toml")
	if err := checkOurs(s.info.Config, s.info.CAFile); err != nil {
		return err
	}
	if err := os.WriteFile(s.info.CAFile, s.id.caPEM, 0o644); err != nil {
		return err
	}
	os.Remove(s.info.Config) // an older one may have a wider mode
	return os.WriteFile(s.info.Config, []byte(s.configTOML()), 0o600)
}

// configMark begins every configuration that the sandbox wrote.
const configMark = "# Written by imapop sandbox; good while it runs.\n"

// checkOurs refuses to write over a person's own files: a configuration without
// our mark, and a ca.pem that does not lie beside one with it.
func checkOurs(config, caFile string) error {
	old, err := os.ReadFile(config)
	if err == nil && strings.HasPrefix(string(old), configMark) {
		return nil
	}
	for _, name := range []string{config, caFile} {
		if _, err := os.Lstat(name); err == nil {
			return fmt.Errorf("%s is not the sandbox's; name another directory", name)
		}
	}
	return nil
}

// configTOML is a file for `imapop --config`. The password is in it, as a
// command: the format has no plain one, and this one opens nothing but the demo.
func (s *Server) configTOML() string {
	a := s.Account()
	q := tomlString
	var b strings.Builder
	b.WriteString(configMark + "default_account = \"demo\"\n\n[accounts.demo]\n")
	fmt.Fprintf(&b, "user = %s\n", q(s.user))
	if strings.Contains(a.From, "@") {
		fmt.Fprintf(&b, "from = %s\n", q(a.From))
	}
	fmt.Fprintf(&b, "password_command = %s\n", q("printf %s "+shellQuote(s.password)))
	fmt.Fprintf(&b, "ca_file = \"ca.pem\"\nmaildir = %s\n", q(a.Maildir))
	for _, e := range []struct {
		name string
		ep   account.Endpoint
	}{{"imap", a.IMAP}, {"pop3", a.POP3}, {"submission", a.Submission}} {
		fmt.Fprintf(&b, "\n  [accounts.demo.%s]\n  address = %s\n  security = %s\n",
			e.name, q(e.ep.Address), q(string(e.ep.Security)))
	}
	return b.String()
}

// shellQuote makes one word of s for sh; s has no line break.
func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// tomlString writes a basic string (TOML 1.0).
func tomlString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f:
			b.WriteString(`\u` + strings.Repeat("0", 4-len(strconv.FormatInt(int64(r), 16))) + strconv.FormatInt(int64(r), 16))
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
