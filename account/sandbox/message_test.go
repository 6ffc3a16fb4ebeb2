package sandbox

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
)

func TestNormalize(t *testing.T) {
	for in, want := range map[string]string{
		"a": "a\r\n", "a\n": "a\r\n", "a\r\n": "a\r\n", "a\n\nb": "a\r\n\r\nb\r\n", "\n": "\r\n", "a\rb\r\n": "a\rb\r\n", "a\r": "a\r\n",
	} {
		if got := string(normalize([]byte(in))); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestChangeFlags(t *testing.T) {
	old := []imap.Flag{"$Forwarded", imap.FlagSeen}
	for _, test := range []struct {
		op     imap.StoreFlagsOp
		change []imap.Flag
		want   []imap.Flag
	}{
		{imap.StoreFlagsAdd, []imap.Flag{"$forwarded", imap.FlagFlagged}, []imap.Flag{"$Forwarded", imap.FlagFlagged, imap.FlagSeen}},
		{imap.StoreFlagsDel, []imap.Flag{"$FORWARDED", imap.FlagDraft}, []imap.Flag{imap.FlagSeen}},
		{imap.StoreFlagsSet, []imap.Flag{"b", "a", "B"}, []imap.Flag{"a", "b"}},
		{imap.StoreFlagsSet, nil, nil},
	} {
		if got := changeFlags(old, test.op, test.change); !slices.Equal(got, test.want) {
			t.Errorf("%v %v: %v", test.op, test.change, got)
		}
		if !slices.Equal(old, []imap.Flag{"$Forwarded", imap.FlagSeen}) {
			t.Fatal("the old list changed, which others hold")
		}
	}
}

// Whatever is stored can be described and cut up without panic, and the whole
// is the sum of header and text.
func FuzzStored(f *testing.F) {
	for _, m := range seedMail {
		raw, err := seedFiles.ReadFile("seed/" + m.file + ".eml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw, int64(3), int64(100))
	}
	f.Add([]byte("Content-Type: multipart/mixed; boundary=x\r\n\r\nnothing"), int64(0), int64(-1))
	f.Add([]byte(strings.Repeat("Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n", 300)), int64(1<<62), int64(1<<62))
	f.Add([]byte("Content-Type: message/rfc822\r\n\r\nContent-Type: multipart/a\r\n\r\n"), int64(-5), int64(2))
	f.Add([]byte("\r\n\r\n"), int64(0), int64(0))
	f.Fuzz(func(t *testing.T, raw []byte, offset, size int64) {
		if len(raw) == 0 {
			return
		}
		norm := normalize(raw)
		if !bytes.Equal(normalize(norm), norm) || bytes.Contains(bytes.ReplaceAll(norm, []byte("\r\n"), nil), []byte("\n")) {
			t.Fatalf("%q is not normal", norm)
		}
		s := newStored(norm)
		s.Envelope()
		noEmptyMultipart(t, s.Structure())
		section := func(spec imap.PartSpecifier) []byte {
			return bodySection(norm, &imap.FetchItemBodySection{Specifier: spec})
		}
		if !bytes.Equal(append(slices.Clone(section(imap.PartSpecifierHeader)), section(imap.PartSpecifierText)...), section("")) {
			t.Error("header and text are not the message")
		}
		whole := bodySection(norm, &imap.FetchItemBodySection{})
		part := bodySection(norm, &imap.FetchItemBodySection{Partial: &imap.SectionPartial{Offset: offset, Size: size}})
		if !bytes.Contains(whole, part) || size >= 0 && int64(len(part)) > size {
			t.Errorf("<%d.%d> gave %d octets", offset, size, len(part))
		}
		bodySection(norm, &imap.FetchItemBodySection{Part: []int{1, 1}, Specifier: imap.PartSpecifierHeader})
		bodyContains(norm, "x")
		(numbered{message: &message{content: s}}).matchesText(&imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: "Subject", Value: "x"}}})
	})
}

func noEmptyMultipart(t *testing.T, bs imap.BodyStructure) {
	switch bs := bs.(type) {
	case *imap.BodyStructureMultiPart:
		if len(bs.Children) == 0 {
			t.Fatal("a multipart with no part, which the library cannot write")
		}
		for _, c := range bs.Children {
			noEmptyMultipart(t, c)
		}
	case *imap.BodyStructureSinglePart:
		if bs.MessageRFC822 != nil {
			noEmptyMultipart(t, bs.MessageRFC822.BodyStructure)
		}
	}
}

// The attachment is a picture that opens: a PGM header and as many points as it says.
func TestAttachment(t *testing.T) {
	raw, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(string(attachment()), "\n", ""))
	if err != nil {
		t.Fatal(err)
	}
	const head = "P5\n# munching squares.....................\n1140 1300\n255\n"
	if !bytes.HasPrefix(raw, []byte(head)) || len(raw) != len(head)+1140*1300 {
		t.Errorf("%d octets, begins with %q", len(raw), raw[:60])
	}
	if at := func(x, y int) byte { return raw[len(head)+1140*y+x] }; at(3, 3) != 0 || at(1, 2) != 12 || at(64, 1299) != at(0, 1299-64*20) {
		t.Error("not the squares")
	}
}
