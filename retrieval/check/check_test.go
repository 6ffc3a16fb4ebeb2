package check

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"imapop/account"
	"imapop/retrieval"
	"imapop/retrieval/safe"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// goodTLS is a handshake that nobody complains of.
func goodTLS() *retrieval.TLS {
	return &retrieval.TLS{Version: "TLS 1.3", Cipher: "TLS_AES_128_GCM_SHA256", Verified: true, Problems: []retrieval.CertProblem{}, Old: []string{},
		Chain: []retrieval.Certificate{{Subject: "mail.example", Names: []string{"mail.example"}, Issuer: "An Authority",
			NotBefore: noon.AddDate(0, -1, 0), NotAfter: noon.AddDate(0, 3, 0), DaysLeft: 92}}}
}

func offer(mechanisms ...string) *retrieval.Offer {
	return &retrieval.Offer{Capabilities: []string{"X"}, Mechanisms: mechanisms}
}

// goodSide is implicit TLS and an upgrade, and no login before TLS.
func goodSide(p retrieval.Protocol, tlsPort, plainPort string) *Side {
	before := offer()
	before.StartTLS, before.LoginDisabled = true, p == retrieval.IMAP
	return &Side{Protocol: p, Address: "mail.example:" + tlsPort, Security: account.TLS, Doors: []retrieval.Door{
		{Protocol: p, Address: "mail.example:" + tlsPort, Security: account.TLS, Reachable: true, TLS: goodTLS(), After: offer("SCRAM-SHA-256", "PLAIN")},
		{Protocol: p, Address: "mail.example:" + plainPort, Security: account.StartTLS, Reachable: true, Before: before, TLS: goodTLS(), After: offer("SCRAM-SHA-256", "PLAIN")},
	}}
}

func goodFacts() *Facts {
	f := &Facts{At: noon, Account: "alice@work", LeaveOnServer: "keep",
		IMAP: goodSide(retrieval.IMAP, "993", "143"), POP3: goodSide(retrieval.POP3, "995", "110"), Submission: goodSide(retrieval.SMTP, "465", "587")}
	f.IMAP.Login = &Login{Tried: true, OK: true, Mechanism: "PLAIN", Capabilities: []string{"IMAP4rev1", "UIDPLUS", "IDLE", "MOVE"}}
	f.POP3.Login = &Login{Tried: true, OK: true, Mechanism: "PLAIN", Capabilities: []string{"UIDL"},
		POP3: &POP3Promises{Listed: true, UIDL: true, TOP: true, Pipelining: true, Expire: "NEVER"}}
	return f
}

func problem(d *retrieval.Door, ps ...retrieval.CertProblem) {
	d.TLS.Verified, d.TLS.Problems, d.After = false, ps, nil
	d.Failure = &retrieval.DoorFailure{Step: "tls", Kind: retrieval.FailedCertificate, Text: "refused"}
}

func fail(d *retrieval.Door, kind retrieval.FailureKind) {
	d.Failure = &retrieval.DoorFailure{Step: "connect", Kind: kind, Text: "it did not work"}
	d.Reachable, d.TLS, d.After = kind == retrieval.FailedNoStartTLS, nil, nil
}

func yes(b bool) *bool { return &b }

// TestRules changes one thing of a good account at a time, and wants exactly the
// findings that follow from it.
func TestRules(t *testing.T) {
	const always = "info plain-port"
	for name, c := range map[string]struct {
		change func(*Facts)
		want   string // beside what a good account has
	}{
		"good":      {func(*Facts) {}, ""},
		"two sides": {func(f *Facts) { f.Submission = nil }, ""},
		"nobody listens": {func(f *Facts) { fail(&f.IMAP.Doors[0], retrieval.FailedConnect) },
			"serious unreachable"},
		"nobody speaks": {func(f *Facts) {
			f.POP3.Doors = f.POP3.Doors[:1]
			fail(&f.POP3.Doors[0], retrieval.FailedTimeout)
			f.POP3.Doors[0].Reachable = true
		}, "serious unreachable"},
		"another door is shut": {func(f *Facts) {
			fail(&f.Submission.Doors[1], retrieval.FailedTimeout)
			f.Submission.Doors[1].Before = nil
		}, ""},
		"expired here": {func(f *Facts) { problem(&f.POP3.Doors[0], retrieval.CertExpired) },
			"serious certificate-expired, warning certificates-differ"},
		"wrong host elsewhere": {func(f *Facts) { problem(&f.POP3.Doors[1], retrieval.CertWrongHost) }, "warning certificate-wrong-host"},
		"pinned": {func(f *Facts) {
			f.IMAP.Doors[0].TLS.Verified, f.IMAP.Doors[0].TLS.Pinned, f.IMAP.Doors[0].TLS.Problems = false, true, []retrieval.CertProblem{retrieval.CertUnknown, retrieval.CertSelfSigned}
		}, "info certificate-self-signed"},
		"unknown authority":      {func(f *Facts) { problem(&f.Submission.Doors[0], retrieval.CertUnknown) }, "serious certificate-unknown-authority"},
		"not yet valid":          {func(f *Facts) { problem(&f.Submission.Doors[0], retrieval.CertNotYetValid) }, "serious certificate-not-yet-valid"},
		"otherwise unacceptable": {func(f *Facts) { problem(&f.Submission.Doors[0], retrieval.CertOther) }, "serious certificate-unacceptable"},
		"30 days":                {func(f *Facts) { f.IMAP.Doors[0].TLS.Chain[0].DaysLeft = 30 }, ""},
		"29 days":                {func(f *Facts) { f.IMAP.Doors[0].TLS.Chain[0].DaysLeft = 29 }, "notice certificate-expires"},
		"14 days":                {func(f *Facts) { f.IMAP.Doors[0].TLS.Chain[0].DaysLeft = 14 }, "notice certificate-expires"},
		"13 days":                {func(f *Facts) { f.IMAP.Doors[0].TLS.Chain[0].DaysLeft = 13 }, "warning certificate-expires"},
		"TLS 1.1 only": {func(f *Facts) {
			d := &f.Submission.Doors[0]
			d.Failure, d.TLS.Version, d.After = &retrieval.DoorFailure{Step: "tls", Kind: retrieval.FailedTLS}, "TLS 1.1", nil
		}, "serious tls-old-only"},
		"TLS 1.0 too": {func(f *Facts) { f.POP3.Doors[0].TLS.Old = []string{"TLS 1.0"} }, "warning tls-old-accepted"},
		"LOGIN before TLS": {func(f *Facts) { f.IMAP.Doors[1].Before.LoginCommand = true },
			"serious plaintext-login, notice protocols-differ"},
		"PLAIN before TLS, submission": {func(f *Facts) { f.Submission.Doors[1].Before.Mechanisms = []string{"PLAIN"} }, "serious plaintext-login"},
		"before TLS on this machine": {func(f *Facts) {
			f.Submission.Loopback = true
			f.Submission.Doors[1].Before.Mechanisms = []string{"PLAIN"}
		}, "notice plaintext-login"},
		"token before TLS":    {func(f *Facts) { f.Submission.Doors[1].Before.Mechanisms = []string{"XOAUTH2"} }, "serious plaintext-login"},
		"APOP before TLS":     {func(f *Facts) { f.POP3.Doors[1].Before.APOP = true }, "warning challenge-before-tls"},
		"EXTERNAL before TLS": {func(f *Facts) { f.POP3.Doors[1].Before.Mechanisms = []string{"EXTERNAL"} }, ""},
		"outdated too":        {func(f *Facts) { f.IMAP.Doors[0].After.Mechanisms = []string{"SCRAM-SHA-1", "CRAM-MD5"} }, "notice weak-mechanisms"},
		"outdated only":       {func(f *Facts) { f.Submission.Doors[0].After.Mechanisms = []string{"NTLM", "CRAM-MD5"} }, "warning weak-mechanisms-only"},
		"anonymous":           {func(f *Facts) { f.Submission.Doors[0].After.Mechanisms = []string{"PLAIN", "SCRAM-SHA-1", "ANONYMOUS"} }, "warning anonymous-login"},
		"passwords only":      {func(f *Facts) { f.Submission.Doors[0].After.Mechanisms = []string{"PLAIN", "LOGIN"} }, "info password-mechanisms-only"},
		"SCRAM over IMAP alone": {func(f *Facts) {
			for i := range f.POP3.Doors {
				f.POP3.Doors[i].After.Mechanisms = []string{"PLAIN"}
			}
		}, "notice protocols-differ, info password-mechanisms-only"},
		"no login inside TLS": {func(f *Facts) {
			f.IMAP.Doors[0].After = &retrieval.Offer{LoginDisabled: true}
		}, "serious login-disabled-inside-tls"},
		"PREAUTH": {func(f *Facts) {
			d := &f.IMAP.Doors[1]
			d.Before.Preauth, d.Failure, d.TLS, d.After = true, &retrieval.DoorFailure{Step: "starttls", Kind: retrieval.FailedNoStartTLS}, nil, nil
		}, "serious preauth, warning starttls-broken"},
		"STARTTLS is taken out": {func(f *Facts) {
			d := &f.IMAP.Doors[1]
			d.Before.StartTLS = false
			fail(d, retrieval.FailedNoStartTLS)
		}, "warning starttls-missing"},
		"the account upgrades": {func(f *Facts) {
			slices.Reverse(f.Submission.Doors)
		}, "notice prefer-implicit-tls"},
		"only STLS": {func(f *Facts) {
			slices.Reverse(f.POP3.Doors)
			fail(&f.POP3.Doors[1], retrieval.FailedConnect)
		}, "notice starttls-only, notice protocols-differ"},
		"plaintext set": {func(f *Facts) {
			f.Submission.Doors[0] = retrieval.Door{Protocol: retrieval.SMTP, Address: "mail.example:25", Security: account.Plaintext, Reachable: true, Before: offer()}
			f.Submission.Doors[1] = retrieval.Door{Protocol: retrieval.SMTP, Address: "mail.example:465", Security: account.TLS, Failure: &retrieval.DoorFailure{}}
		}, "serious account-plaintext, serious no-tls"},
		"refused":        {func(f *Facts) { f.IMAP.Login = &Login{Tried: true, Refused: true} }, "serious login-refused"},
		"busy":           {func(f *Facts) { f.POP3.Login = &Login{Tried: true, Busy: true} }, "notice login-busy"},
		"failed":         {func(f *Facts) { f.POP3.Login = &Login{Tried: true} }, "warning login-failed"},
		"no UIDL":        {func(f *Facts) { f.POP3.Login.POP3.UIDL = false }, "warning no-unique-ids"},
		"EXPIRE 0":       {func(f *Facts) { f.POP3.Login.POP3.Expire = "0" }, "warning expire-at-once"},
		"EXPIRE 30 USER": {func(f *Facts) { f.POP3.Login.POP3.Expire = "30 USER" }, "notice expire-days"},
		"LOGIN-DELAY":    {func(f *Facts) { f.POP3.Login.POP3.LoginDelay = 60 }, "notice login-delay"},
		"a bare POP3":    {func(f *Facts) { f.POP3.Login.POP3 = &POP3Promises{UIDL: true} }, "info no-capa"},
		"a plain POP3":   {func(f *Facts) { f.POP3.Login.POP3 = &POP3Promises{UIDL: true, Listed: true} }, "notice no-top, info no-pipelining"},
		"a plain IMAP":   {func(f *Facts) { f.IMAP.Login.Capabilities = []string{"IMAP4rev1"} }, "notice no-uidplus, notice no-idle, info no-move"},
		"IMAP4rev2":      {func(f *Facts) { f.IMAP.Login.Capabilities = []string{"IMAP4rev2"} }, ""},
		"the message shows": {func(f *Facts) {
			f.Message = &MessageTest{Stored: true, Found: true, Removed: true, SeenRETR: yes(false), SeenQUIT: yes(true)}
		}, "info same-inbox, info retr-sets-seen"},
		"the message stays unread": {func(f *Facts) {
			f.Message = &MessageTest{Stored: true, Found: true, Removed: true, SeenRETR: yes(false), SeenQUIT: yes(false)}
		}, "info same-inbox, info retr-leaves-unseen"},
		"the message does not show": {func(f *Facts) { f.Message = &MessageTest{Stored: true, Removed: true} }, "warning other-inbox"},
		"the message is left":       {func(f *Facts) { f.Message = &MessageTest{Stored: true, Found: true, Problem: "x"} }, "warning test-message-failed, warning test-message-left, info same-inbox"},
		"two failed logins":         {func(f *Facts) { f.Failed = failures(2, time.Hour) }, "notice failed-logins"},
		"three failed logins":       {func(f *Facts) { f.Failed = failures(3, time.Hour) }, "warning failed-logins"},
		"failed days ago":           {func(f *Facts) { f.Failed = failures(9, 49*time.Hour) }, "notice failed-logins"},
		"failed long ago":           {func(f *Facts) { f.Failed = failures(9, 200*time.Hour) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := goodFacts()
			c.change(f)
			var got []string
			for _, x := range Audit(*f) {
				if s := string(x.Level) + " " + x.ID; x.OnTheWire && s != always {
					got = append(got, s)
				}
				if x.Title == "" || strings.TrimSpace(x.Reason) == "" || x.Remedy == "" ||
					!regexp.MustCompile(`^RFC \d+ section [0-9.]+$`).MatchString(x.Source) || !strings.HasPrefix(x.Link, "https://www.rfc-editor.org/rfc/rfc") {
					t.Errorf("not whole: %+v", x)
				}
			}
			if s := strings.Join(got, ", "); s != c.want {
				t.Errorf("findings: %s\nwant:     %s", s, c.want)
			}
			if r := BuildReport(*f); r.Good == (strings.Contains(c.want, "serious ") || strings.Contains(c.want, "warning ")) {
				t.Errorf("good: %v", r.Good)
			}
		})
	}
}

func failures(n int, ago time.Duration) (out []account.FailedLogin) {
	for i := range n {
		out = append(out, account.FailedLogin{At: noon.Add(-ago - time.Duration(i)*time.Second), Protocol: "IMAP", Endpoint: "mail.example:993", Mechanism: "PLAIN"})
	}
	return out
}

// TestDocumentation holds docs/check-json.md to the fields and the findings.
func TestDocumentation(t *testing.T) {
	b, err := os.ReadFile("../../docs/check-json.md")
	if err != nil {
		t.Fatal(err)
	}
	doc, found, _ := strings.Cut(string(b), "## The findings")
	fields := map[string]bool{}
	tags(reflect.TypeFor[Report](), fields)
	same(t, "field", fields, named(doc, "([a-z_0-9]+)"))
	ids := map[string]bool{}
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range sources {
		code, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)\{"([a-z]+(?:-[a-z]+)*)", (Info|Notice|Warning|Serious)`).FindAllStringSubmatch(string(code), -1) {
			if ids[m[1]] {
				t.Errorf("two kinds are called %s", m[1])
			}
			ids[m[1]] = true
		}
	}
	same(t, "finding", ids, named(found, "([a-z-]+)"))
}

func named(doc, pattern string) map[string]bool {
	out := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `"+pattern+"` ").FindAllStringSubmatch(doc, -1) {
		out[m[1]] = true
	}
	return out
}

func same(t *testing.T, what string, real, documented map[string]bool) {
	t.Helper()
	for f := range real {
		if !documented[f] {
			t.Errorf("%s %q is not documented", what, f)
		}
	}
	for f := range documented {
		if !real[f] {
			t.Errorf("documented %s %q does not exist", what, f)
		}
	}
}

func tags(t reflect.Type, into map[string]bool) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || !strings.HasPrefix(t.PkgPath(), "imapop/") {
		return
	}
	for i := range t.NumField() {
		if name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); name != "-" {
			into[name] = true
			tags(t.Field(i).Type, into)
		}
	}
}

// TestTextFits holds that no line is wider than asked for, and nothing is lost of names too long for a column.
func TestTextFits(t *testing.T) {
	f := goodFacts()
	long := strings.Repeat("very-long-host-name.", 8) + "example:993"
	f.IMAP.Address = long
	problem(&f.IMAP.Doors[0], retrieval.CertExpired, retrieval.CertUnknown, retrieval.CertWrongHost)
	f.Failed = failures(30, time.Hour)
	for _, w := range []int{60, 80, 120, 200} {
		text := BuildReport(*f).Text(w)
		for _, l := range strings.Split(text, "\n") {
			if safe.Width(l) > w {
				t.Errorf("%d cells, want %d: %q", safe.Width(l), w, l)
			}
		}
		if w == 60 && !strings.Contains(text, "and 20 earlier") {
			t.Errorf("no count of earlier logins:\n%s", text)
		}
	}
	if got := strings.Join(wrap(long, 20), ""); got != long {
		t.Errorf("wrapped to %q", got)
	}
}
