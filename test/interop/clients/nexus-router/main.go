// A router of nexus, with the user joe and the secret 123456. Listens on the address that it is given, and prints a line then.
package main

import (
	"fmt"
	"os"
	"time"

	"github.com/gammazero/nexus/v3/router"
	"github.com/gammazero/nexus/v3/router/auth"
	"github.com/gammazero/nexus/v3/wamp"
)

type users struct{}

func (users) AuthKey(authid, _ string) ([]byte, error)      { return []byte("123456"), nil }
func (users) PasswordInfo(authid string) (string, int, int) { return "", 0, 0 }
func (users) Provider() string                              { return "static" }
func (users) AuthRole(authid string) (string, error)        { return "user", nil }

func main() {
	nexus, err := router.NewRouter(&router.Config{RealmConfigs: []*router.RealmConfig{{
		URI:            wamp.URI("realm1"),
		AnonymousAuth:  true,
		Authenticators: []auth.Authenticator{auth.NewCRAuthenticator(users{}, time.Minute)},
	}}}, nil)
	if err != nil {
		panic(err)
	}
	if _, err := router.NewWebsocketServer(nexus).ListenAndServe(os.Args[1]); err != nil {
		panic(err)
	}
	fmt.Println("listening")
	select {}
}
