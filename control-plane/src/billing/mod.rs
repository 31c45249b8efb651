//! Plans and subscriptions: what an account pays for, whoever takes the payment.
