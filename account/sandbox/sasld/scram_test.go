package sasld

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"
)

// user and pencil are RFC 7677's.
type pencils struct{ Backend }

func (pencils) Secret(user string) (string, bool) { return "pencil", user == "user" }

func plainScram(proved *string) *scramServer {
	return newScram(Door{Backend: pencils{}}, scram256, false, proved)
}

// TestScramExample is the exchange of RFC 7677 section 3, octet for octet.
func TestScramExample(t *testing.T) {
	var proved string
	s := plainScram(&proved)
	s.nonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
	s.salt, _ = base64.StdEncoding.DecodeString("W22ZaJ0SNY7soEsUEjb6gQ==")
	steps := []struct{ client, server string }{
		{"n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
			"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"},
		{"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
			"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="},
	}
	for _, step := range steps {
		got, done, err := s.Next([]byte(step.client))
		if err != nil || done || string(got) != step.server {
			t.Fatalf("%q: got %q, %v, %v", step.client, got, done, err)
		}
	}
	if _, done, err := s.Next([]byte{}); !done || err != nil || proved != "user" {
		t.Fatal(done, err, proved)
	}
}

func TestScramRefuses(t *testing.T) {
	for _, first := range []string{
		"", "n", "n,,", "n,,n=user", "n,,r=x,n=user", "p=tls-unique,,n=user,r=x", "x,,n=user,r=x",
		"n,,m=ext,n=user,r=x", "n,a=other,n=user,r=x", "n,,n=,r=x", "n,,n=user,r=",
	} {
		var proved string
		if _, _, err := plainScram(&proved).Next([]byte(first)); err == nil {
			t.Errorf("%q was taken", first)
		}
	}
	for _, change := range []func(string) string{
		func(s string) string { return strings.Replace(s, "c=biws", "c=eSws", 1) }, // another gs2 header
		func(s string) string { return strings.Replace(s, ",r=", ",r=x", 1) },
		func(s string) string { return s[:len(s)-5] + "AAAA=" },
		func(s string) string { return s[:strings.Index(s, ",p=")] },
		func(s string) string { return s + "!" },
		func(string) string { return "" },
	} {
		var proved string
		s := plainScram(&proved)
		challenge, _, _ := s.Next([]byte("n,,n=user,r=abc"))
		final := scramFinal(t, "n=user,r=abc", string(challenge), "pencil")
		if _, _, err := s.Next([]byte(change(final))); err == nil || proved != "" {
			t.Errorf("%q was taken", change(final))
		}
	}
}

// scramFinal computes a client's last message.
func scramFinal(t *testing.T, firstBare, serverFirst, password string) string {
	t.Helper()
	fields := strings.Split(serverFirst, ",")
	salt, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(fields[1], "s="))
	if err != nil {
		t.Fatal(err)
	}
	salted, err := pbkdf2.Key(sha256.New, password, salt, scramIterations, sha256.Size)
	if err != nil {
		t.Fatal(err)
	}
	bare := "c=biws," + fields[0]
	key := hmac256(salted, "Client Key")
	stored := sha256.Sum256(key)
	for i, c := range hmac256(stored[:], firstBare+","+serverFirst+","+bare) {
		key[i] ^= c
	}
	return bare + ",p=" + base64.StdEncoding.EncodeToString(key)
}

func hmac256(key []byte, message string) []byte {
	return (&scramServer{hash: scram256}).mac(key, message)
}

// Whatever a client says, nobody gets in without the password, and nothing panics.
func FuzzScram(f *testing.F) {
	f.Add("n,,n=user,r=abc", "c=biws,r=abc,p=AAAA")
	f.Add("p=tls-unique,,n=user,r=abc", "")
	f.Add("y,a=user,n=user,r=", "c=,r=,p=")
	f.Fuzz(func(t *testing.T, first, final string) {
		var proved string
		s := plainScram(&proved)
		if _, _, err := s.Next([]byte(first)); err != nil {
			return
		}
		final = strings.ReplaceAll(final, "abc", s.nonce)
		if _, done, err := s.Next([]byte(final)); err == nil || done || proved != "" {
			t.Errorf("%q, %q: let in", first, final)
		}
	})
}
