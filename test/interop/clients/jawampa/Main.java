import java.util.concurrent.CountDownLatch;
import ws.wamp.jawampa.WampClient;
import ws.wamp.jawampa.WampClientBuilder;
import ws.wamp.jawampa.WampSerialization;
import ws.wamp.jawampa.auth.client.Ticket;
import ws.wamp.jawampa.transport.netty.NettyWampClientConnectorProvider;
import ws.wamp.jawampa.transport.netty.NettyWampConnectionConfig;

/** A client of jawampa. See ../client.ts for what each of these programs does. */
public class Main {
    public static void main(String[] arguments) throws Exception {
        NettyWampConnectionConfig.Builder connection = new NettyWampConnectionConfig.Builder();
        if (arguments.length > 3) connection.withHttpHeader("Cookie", arguments[3]);
        WampClientBuilder builder = new WampClientBuilder()
            .withConnectorProvider(new NettyWampClientConnectorProvider())
            .withConnectionConfiguration(connection.build())
            .withUri(arguments[0])
            .withRealm("realm1")
            .withSerializations(new WampSerialization[] {arguments[1].equals("json") ? WampSerialization.Json : WampSerialization.MessagePack});
        if (arguments[2].equals("ticket")) builder.withAuthId("joe").withAuthMethod(new Ticket("let me in"));
        WampClient client = builder.build();
        client.statusChanged().subscribe(state -> {
            if (state instanceof WampClient.ConnectedState) work(client);
        });
        client.open();
        new CountDownLatch(1).await();
    }

    static void work(WampClient client) {
        client.registerProcedure("com.client.echo").subscribe(call -> call.reply(call.arguments(), call.keywordArguments()));
        client.makeSubscription("com.client.news").subscribe(event ->
            client.publish("com.client.heard", event.arguments(), event.keywordArguments()).subscribe());
        client.call("com.app.greet", "Grüße").subscribe(reply ->
            client.publish("com.client.result", reply.arguments(), null).subscribe());
    }
}
