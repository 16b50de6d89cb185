import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;

/** Asks for each URL by java.net.http.HttpClient with the proxies of the system properties, and prints the answers. */
public class Client {
  public static void main(String[] urls) throws Exception {
    HttpClient client = HttpClient.newBuilder().proxy(ProxySelector.getDefault()).build();
    for (String url : urls) {
      HttpRequest request = HttpRequest.newBuilder(URI.create(url)).build();
      System.out.print(client.send(request, BodyHandlers.ofString()).body());
    }
    System.out.flush();
  }
}
