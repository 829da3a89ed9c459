import jakarta.websocket.ClientEndpointConfig;
import jakarta.websocket.Endpoint;
import jakarta.websocket.EndpointConfig;
import jakarta.websocket.Session;
import java.net.CookieHandler;
import java.net.CookieManager;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.WebSocketListener;
import okhttp3.java.net.cookiejar.JavaNetCookieJar;
import org.glassfish.tyrus.client.ClientManager;
import org.java_websocket.client.WebSocketClient;
import org.java_websocket.handshake.ServerHandshake;

/** Connects twice with a library, named first, to a URL. What it is for, ../cookies.ts says. */
public class Main {
    public static void main(String[] arguments) throws Exception {
        String name = arguments[0];
        URI url = URI.create(arguments[1]);
        String cookie = arguments.length > 2 ? arguments[2] : null;
        CookieManager manager = new CookieManager();
        if (name.equals("java.net.http-default")) CookieHandler.setDefault(manager);
        for (int i = 0; i < 2; i++) {
            switch (name) {
                case "java.net.http", "java.net.http-default", "java.net.http-handler" -> {
                    HttpClient.Builder client = HttpClient.newBuilder();
                    if (name.endsWith("handler")) client.cookieHandler(manager);
                    WebSocket.Builder socket = client.build().newWebSocketBuilder();
                    if (cookie != null) socket.header("Cookie", cookie);
                    socket.buildAsync(url, new WebSocket.Listener() {}).get().abort();
                }
                case "okhttp", "okhttp-jar" -> {
                    OkHttpClient.Builder client = new OkHttpClient.Builder();
                    if (name.endsWith("jar")) client.cookieJar(new JavaNetCookieJar(manager));
                    Request.Builder request = new Request.Builder().url(arguments[1]);
                    if (cookie != null) request.header("Cookie", cookie);
                    CountDownLatch opened = new CountDownLatch(1);
                    client.build().newWebSocket(request.build(), new WebSocketListener() {
                        @Override public void onOpen(okhttp3.WebSocket socket, Response response) { opened.countDown(); }
                    });
                    opened.await();
                }
                case "java-websocket" -> {
                    WebSocketClient client = new WebSocketClient(url, cookie == null ? Map.of() : Map.of("Cookie", cookie)) {
                        @Override public void onOpen(ServerHandshake handshake) {}
                        @Override public void onMessage(String message) {}
                        @Override public void onClose(int code, String reason, boolean remote) {}
                        @Override public void onError(Exception error) {}
                    };
                    client.connectBlocking();
                }
                case "tyrus" -> {
                    ClientEndpointConfig config = ClientEndpointConfig.Builder.create().configurator(new ClientEndpointConfig.Configurator() {
                        @Override public void beforeRequest(Map<String, List<String>> headers) {
                            if (cookie != null) headers.put("Cookie", List.of(cookie));
                        }
                    }).build();
                    ClientManager.createClient().connectToServer(new Endpoint() {
                        @Override public void onOpen(Session session, EndpointConfig endpoint) {}
                    }, config, url);
                }
            }
        }
        System.exit(0);
    }
}
