#include "tls.hpp"

#include <amqp_ssl_socket.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

namespace stockroom::bus_amqp {

namespace {

/// librabbitmq says that a certificate was refused, but not why.
thread_local int verify_error = X509_V_OK;

int on_certificate(int is_right, X509_STORE_CTX* context) {
    if (is_right == 0) verify_error = X509_STORE_CTX_get_error(context);
    return is_right;
}

}  // namespace

void demand_certificate(amqp_socket_t_* socket) {
    amqp_ssl_socket_set_verify_peer(socket, 1);
    amqp_ssl_socket_set_verify_hostname(socket, 1);
    (void)amqp_ssl_socket_set_ssl_versions(socket, AMQP_TLSv1_2, AMQP_TLSvLATEST);
    verify_error = X509_V_OK;
    // The handshake itself fails then, so that the broker hears of it, too.
    SSL_CTX_set_verify(static_cast<SSL_CTX*>(amqp_ssl_socket_get_context(socket)), SSL_VERIFY_PEER,
                       on_certificate);
}

std::string certificate_trouble() {
    return verify_error == X509_V_OK ? "" : X509_verify_cert_error_string(verify_error);
}

}  // namespace stockroom::bus_amqp
