package trust

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-msgauth/dkim"

	"imapop/retrieval"
)

// zone is a DNS of TXT records.
type zone map[string]string

func (z zone) lookup(_ context.Context, name string) ([]string, error) {
	if s, ok := z[name]; ok {
		return []string{s}, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

// signed signs a message in a domain's name and publishes the key.
func signed(t *testing.T, z zone, domain, message string) []byte {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	z["k1._domainkey."+domain] = "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public)
	var b bytes.Buffer
	if err := dkim.Sign(&b, strings.NewReader(message), &dkim.SignOptions{Domain: domain, Selector: "k1", Signer: private}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const letter = "From: Ada <ada@example.org>\r\nTo: alice@home.example\r\nSubject: x\r\nDate: Thu, 26 Nov 2026 12:00:00 +0000\r\n\r\nHello.\r\n"

// line finds what was said by somebody of a method.
func line(t *testing.T, got retrieval.Trust, by, method string) retrieval.TrustLine {
	t.Helper()
	for _, l := range got.Lines {
		if l.By == by && l.Method == method {
			return l
		}
	}
	t.Errorf("nothing by %q of %q in %+v", by, method, got.Lines)
	return retrieval.TrustLine{}
}

func TestSignatureIsCheckedHere(t *testing.T) {
	z := zone{"_dmarc.example.org": "v=DMARC1; p=reject"}
	octets := signed(t, z, "example.org", letter)
	for _, c := range []struct {
		name, result, aligned string
		octets                []byte
		lookup                func(context.Context, string) ([]string, error)
	}{
		{"as it was sent", "pass", "aligned", octets, z.lookup},
		{"with LF, as a local copy has it", "pass", "aligned", bytes.ReplaceAll(octets, []byte("\r\n"), []byte("\n")), z.lookup},
		{"changed on the way", "fail", "not aligned", bytes.ReplaceAll(octets, []byte("Hello"), []byte("HELLO")), z.lookup},
		{"the key is gone", "fail", "not aligned", octets, zone{}.lookup},
		{"the DNS does not answer", "temperror", "not aligned", octets, func(context.Context, string) ([]string, error) {
			return nil, &net.DNSError{Err: "timeout", IsTimeout: true, IsTemporary: true}
		}},
		{"offline", "", "not aligned", octets, nil},
	} {
		got := Judge(t.Context(), c.octets, Options{LookupTXT: c.lookup})
		if l := line(t, got, byHere, "DKIM"); l.Result != c.result {
			t.Errorf("%s: %q: %s", c.name, l.Result, l.Text)
		}
		if l := line(t, got, "", "DMARC"); l.Result != c.aligned {
			t.Errorf("%s: %q: %s", c.name, l.Result, l.Text)
		}
	}
	if l := line(t, Judge(t.Context(), octets, Options{LookupTXT: z.lookup}), "", "DMARC"); !strings.Contains(l.Text, "p=reject") {
		t.Errorf("the policy is not told: %s", l.Text)
	}
}

// TestSignedByAnother holds that a good signature of another domain is no word of
// the one that a person sees.
func TestSignedByAnother(t *testing.T) {
	z := zone{}
	got := Judge(t.Context(), signed(t, z, "bulk.example.net", letter), Options{LookupTXT: z.lookup})
	if l := line(t, got, byHere, "DKIM"); l.Result != "pass" {
		t.Errorf("%+v", l)
	}
	if l := line(t, got, "", "DMARC"); l.Result != "not aligned" || !strings.Contains(l.Text, "asks nothing") {
		t.Errorf("%+v", l)
	}
}

// TestOnlyOwnServerIsBelieved holds who may say pass.
func TestOnlyOwnServerIsBelieved(t *testing.T) {
	const (
		own    = "Authentication-Results: mx.home.example; spf=pass smtp.mailfrom=bounce@example.org; dkim=pass header.d=mail.example.org; dmarc=pass header.from=example.org\r\n"
		forged = "Authentication-Results: mx.evil.example; spf=pass smtp.mailfrom=ada@example.org; dmarc=pass header.from=example.org\r\n"
		trace  = "Received: from a.example by mx.home.example with ESMTPS; Thu, 26 Nov 2026 12:00:00 +0000\r\n"
	)
	for _, c := range []struct {
		name, fields string
		o            Options
		own, aligned string
	}{
		{"the IMAP server's site", own + forged, Options{Host: "imap.home.example"}, "mx.home.example", "aligned"},
		{"the topmost Received", own + trace, Options{Host: "127.0.0.1"}, "mx.home.example", "aligned"},
		{"the setting", own, Options{Own: "mx.home.example", Host: "imap.other.example"}, "mx.home.example", "aligned"},
		{"the setting says another", own, Options{Own: "mx2.home.example", Host: "imap.home.example"}, "mx2.home.example", "not aligned"},
		{"a stranger's only", forged, Options{Host: "imap.home.example"}, "", "not aligned"},
		{"a stranger's, and nothing known of the host", forged, Options{Host: "127.0.0.1"}, "", "not aligned"},
		{"a site that only ends alike", strings.ReplaceAll(own, "mx.home.example", "mx.nothome.example"), Options{Host: "imap.home.example"}, "", "not aligned"},
		{"a provider of two names", strings.ReplaceAll(own, "mx.home.example", "mx.google.com"), Options{Host: "imap.gmail.com"}, "mx.google.com", "aligned"},
		{"unreadable", "Authentication-Results: ;;==\x1b[31m\r\n" + own, Options{Host: "imap.home.example"}, "mx.home.example", "aligned"},
		{"only the topmost of the own", strings.ReplaceAll(own, "pass", "fail") + own, Options{Host: "imap.home.example"}, "mx.home.example", "not aligned"},
	} {
		got := Judge(t.Context(), []byte(c.fields+letter), c.o)
		if got.Own != c.own {
			t.Errorf("%s: believed %q (%s), want %q", c.name, got.Own, got.OwnWhy, c.own)
		}
		if l := line(t, got, "", "DMARC"); l.Result != c.aligned {
			t.Errorf("%s: %+v", c.name, l)
		}
		for _, l := range got.Lines {
			if l.By == byServer && strings.Contains(l.Text, "evil") || strings.ContainsRune(l.Text, 0x1b) {
				t.Errorf("%s: %+v", c.name, l)
			}
		}
	}
}

func TestFromIsNoOne(t *testing.T) {
	for _, from := range []string{"nobody", "a@x.example, b@y.example", ""} {
		got := Judge(t.Context(), []byte(strings.Replace(letter, "Ada <ada@example.org>", from, 1)), Options{})
		if l := line(t, got, "", "DMARC"); !strings.Contains(l.Text, "does not name one address") {
			t.Errorf("%q: %+v", from, l)
		}
	}
}

// TestSilentDNS holds that a resolver that never answers does not hold the screen.
func TestSilentDNS(t *testing.T) {
	z := zone{}
	octets := signed(t, z, "example.org", letter)
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		block := make(chan struct{})
		got := Judge(t.Context(), octets, Options{LookupTXT: func(context.Context, string) ([]string, error) {
			<-block
			return nil, fmt.Errorf("too late")
		}})
		close(block)
		if took := time.Since(start); took != 10*time.Second || line(t, got, byHere, "DKIM").Result == "pass" {
			t.Errorf("after %v: %+v", took, got.Lines)
		}
	})
}

func FuzzJudge(f *testing.F) {
	f.Add("mx.home.example; spf=pass smtp.mailfrom=a@b", "by mx.home.example", "a@b")
	f.Add("x 1; none", "", "")
	f.Add(";=;dkim=pass (\x1b) header.d=", "by", "<@>")
	f.Fuzz(func(t *testing.T, ar, received, from string) {
		one := func(s string) string { return strings.NewReplacer("\r", " ", "\n", " ").Replace(s) }
		got := Judge(t.Context(), []byte("Authentication-Results: "+one(ar)+"\r\nReceived: "+one(received)+"\r\nFrom: "+one(from)+"\r\n\r\nx\r\n"), Options{Host: "imap.home.example"})
		for _, l := range got.Lines {
			if strings.ContainsAny(l.Text+l.Result, "\x1b\x07\u202e\r\n") {
				t.Errorf("unclean: %+v", l)
			}
		}
	})
}
