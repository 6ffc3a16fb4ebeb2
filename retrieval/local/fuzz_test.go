package local

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"imapop/account"
	"imapop/retrieval/plan"
)

func FuzzRecord(f *testing.F) {
	f.Add(Record{UniqueID: "u", FirstSeen: noon}.encode())
	f.Add(Record{UniqueID: "\x00\xff", FirstSeen: noon, Downloaded: noon, Octets: 7, Listed: 1 << 40, State: Deleted, Settled: noon, Duplicate: true,
		Policy: account.LeaveOnServer{Mode: account.LeaveDays, After: 24 * time.Hour},
		File:   name{kind: byUniqueID, digest: strings.Repeat("0a", 16), listed: 3, octets: 7, at: noon}.String()}.encode())
	f.Add(Record{UniqueID: "m", FirstSeen: noon, Downloaded: noon, Octets: 7, Listed: 7, Missing: noon, Removed: noon,
		File: name{kind: byContent, digest: strings.Repeat("0a", 16), listed: 7, octets: 7, at: noon}.String()}.encode())
	f.Add([]byte{1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, b []byte) {
		g, skimmed := skim(string(b))
		whole, err := decode(string(b))
		if skimmed && (err != nil || g != whole.glance()) {
			t.Errorf("%x is skimmed as %+v and decoded as %+v, %v", b, g, whole, err)
		}
		r, err := decodeRecord(b)
		if err != nil {
			return
		}
		if again := r.encode(); !bytes.Equal(again, b) {
			t.Errorf("%x decodes to %+v, which encodes to %x", b, r, again)
		}
		if r.File != "" && (filepath.Base(r.File) != r.File || r.File[0] == '.') {
			t.Errorf("the file name %q leads elsewhere", r.File)
		}
		if r.Octets < 0 || r.Listed < 0 || r.Policy.After < 0 {
			t.Errorf("negative: %+v", r)
		}
		Due(r, r.Policy, noon)
	})
}

func FuzzName(f *testing.F) {
	f.Add("1795521600.M0U0123456789abcdef0123456789abcdefL12.imapop,S=12")
	f.Add("1795521600.M0C0123456789abcdef0123456789abcdefL0.imapop,S=0:2,FS")
	f.Add("../../x.M0U0123456789abcdef0123456789abcdefL12.imapop,S=12")
	f.Fuzz(func(t *testing.T, s string) {
		base, _ := splitFlags(s)
		n, ok := parseName(base)
		if ok && (n.String() != base || strings.ContainsAny(base, "/\\\x00:") || len(n.digest) != 32) {
			t.Errorf("%q was taken for a name of ours: %+v", base, n)
		}
	})
}

// TestNamesOfOthers holds that a name is ours only in the very form that we write.
func TestNamesOfOthers(t *testing.T) {
	const digest = "0123456789abcdef0123456789abcdef"
	ours := name{kind: byUniqueID, digest: digest, listed: 1<<62 - 1, octets: 0, at: time.Unix(1<<40-1, 999_999_000).UTC()}
	if n, ok := parseName(ours.String()); !ok || n != ours {
		t.Errorf("%q gives %+v, %v", ours, n, ok)
	}
	for _, base := range []string{
		"", ".M0U" + digest + "L1.imapop,S=1", "01.M0U" + digest + "L1.imapop,S=1", "1.M00U" + digest + "L1.imapop,S=1",
		"1.M1000000U" + digest + "L1.imapop,S=1", "1099511627776.M0U" + digest + "L1.imapop,S=1", "-1.M0U" + digest + "L1.imapop,S=1",
		"1.M0U" + digest + "L.imapop,S=1", "1.M0U" + digest + "L1.imapop,S=", "1.M0U" + digest + "L1.imapop,S=1 ", "1.M0U" + digest + "L1",
		"1.M0X" + digest + "L1.imapop,S=1", "1.M0U" + digest[1:] + "L1.imapop,S=1", "1.M0U" + strings.ToUpper(digest) + "L1.imapop,S=1",
		"1.M0U" + digest + "L4611686018427387904.imapop,S=1", "1.M0U" + digest + "L99999999999999999999.imapop,S=1", "1.M0U" + digest + "L1.imapop,S=+1",
		"1.M0U../../../../../../../../../etc/passwL1.imapop,S=1", "1.M0U",
	} {
		if n, ok := parseName(base); ok {
			t.Errorf("%q was taken for %+v", base, n)
		}
	}
}

// FuzzUniqueID holds that a server's unique-id never leads out of the Maildir and
// is found again whatever it is.
func FuzzUniqueID(f *testing.F) {
	f.Add("../../../etc/passwd", "x")
	f.Add("\x00", strings.Repeat("y", 100))
	f.Add(strings.Repeat("long", 5000), "\r\n.\r\n")
	f.Fuzz(func(t *testing.T, id, body string) {
		dir := scratch(t)
		o := options(dir)
		c := open(t, o)
		if err := store(c, 1, id, body); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Flush(); err != nil {
			t.Fatal(err)
		}
		c.Close()
		c = open(t, o)
		if id != "" && (!c.Has(id) || read(t, c, id) != body) {
			t.Errorf("%q is not found again", id)
		}
		if err := c.MarkDeletePending([]string{id}); (err == nil) != plan.Trusted(id) {
			t.Errorf("%q: %v", id, err)
		}
		outside, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil || len(outside) != 1 {
			t.Errorf("outside the Maildir: %v", outside)
		}
	})
}
