import io.crossbar.autobahn.wamp.Client;
import io.crossbar.autobahn.wamp.Session;
import io.crossbar.autobahn.wamp.auth.AnonymousAuth;
import io.crossbar.autobahn.wamp.auth.ChallengeResponseAuth;
import io.crossbar.autobahn.wamp.auth.TicketAuth;
import io.crossbar.autobahn.wamp.interfaces.IAuthenticator;
import io.crossbar.autobahn.wamp.interfaces.IInvocationHandler;
import io.crossbar.autobahn.wamp.interfaces.TriConsumer;
import io.crossbar.autobahn.wamp.transports.NettyWebSocket;
import io.crossbar.autobahn.wamp.types.EventDetails;
import io.crossbar.autobahn.wamp.types.InvocationResult;
import java.util.List;
import java.util.Map;

/** A client of autobahn-java. See ../client.ts for what each of these programs does. */
public class Main {
    public static void main(String[] arguments) throws Exception {
        String url = arguments[0];
        IAuthenticator authenticator = switch (arguments[2]) {
            case "ticket" -> new TicketAuth("joe", "let me in");
            case "wampcra" -> new ChallengeResponseAuth("joe", "123456");
            default -> new AnonymousAuth();
        };
        Session session = new Session();
        session.addOnJoinListener((joined, details) -> work(joined));
        new Client(List.of(new NettyWebSocket(url, List.of("wamp.2." + arguments[1])))) {{
            add(session, "realm1", List.of(authenticator));
        }}.connect().get();
    }

    static void work(Session session) {
        IInvocationHandler echo = (args, kwargs, details) -> new InvocationResult(args, kwargs);
        TriConsumer<List<Object>, Map<String, Object>, EventDetails> news =
            (args, kwargs, details) -> session.publish("com.client.heard", args, kwargs, null);
        session.register("com.client.echo", echo)
            .thenCompose(registration -> session.subscribe("com.client.news", news))
            .thenCompose(subscription -> session.call("com.app.greet", "Grüße"))
            .thenCompose(result -> session.publish("com.client.result", result.results.get(0)))
            .whenComplete((publication, error) -> {
                if (error != null) error.printStackTrace();
            });
    }
}
