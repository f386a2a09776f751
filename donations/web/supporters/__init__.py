"""What supporters see: the appeals, the form, their own donation, its receipt, and who we are. No staff pages."""
