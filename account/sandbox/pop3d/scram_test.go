package pop3d

import (
	"testing"

	"imapop/account"
	"imapop/account/sasl"
)

func TestScramOverTheWire(t *testing.T) {
	c := newRoom(t, three(), Options{}).dial()
	for _, tt := range []struct{ user, password, want string }{
		{"alice", "x", "-ERR [AUTH] "}, {"nobody", password, "-ERR [AUTH] "}, {"nobody", "y", "-ERR [AUTH] "}, {"alice", password, "+ dj"},
	} {
		scram, err := sasl.New(account.ScramSHA256, sasl.Identity{User: tt.user, Password: account.NewPassword(tt.password)})
		if err != nil {
			t.Fatal(err)
		}
		name, first, _ := scram.Start()
		c.write("AUTH " + name + " " + b64(string(first)) + "\r\n")
		final, err := scram.Next([]byte(c.challenge()))
		if err != nil {
			t.Fatal(err)
		}
		c.want(b64(string(final)), tt.want)
	}
	c.want("", "+OK") // the client has seen the server's signature
	c.want("STAT", "+OK")
}
